package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
)

func TestPages_limitedAdministratorSeesOwnSections(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := url.Values{
		"username": {"jane.admin"}, "display_name": {"Jane Miller"}, "password": {password}, "access": {"limited"},
		"sections": {"ami-accounts"}, "extensions": {"205, 100-199"}, "dids": {""}, "teams": {"acme, globex"},
	}
	require.Equal(t, "/administrators/jane.admin", b.postRedirect("/administrators/new", form))
	page := b.get("/administrators/jane.admin", http.StatusOK)
	require.Contains(t, page, "jane.admin was added")
	require.NotContains(t, b.get("/administrators/jane.admin", http.StatusOK), "jane.admin was added")
	require.Contains(t, page, `value="100-199,205"`)
	require.Contains(t, page, `value="acme, globex"`)

	jane := b.loginAs("jane.admin")
	page = jane.get("/", http.StatusOK)
	require.Contains(t, page, `href="/ami-accounts"`)
	require.NotContains(t, page, `href="/administrators"`)
	jane.get("/ami-accounts", http.StatusOK)
	jane.get("/administrators", http.StatusForbidden)
	jane.get("/administrators/root.admin", http.StatusForbidden)
	jane.post("/config/apply", nil, http.StatusForbidden)
}

func TestPages_administratorWithoutPasswordGetsLink(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Equal(t, "/administrators/NEW/invite", b.postRedirect("/administrators/new", url.Values{"username": {"new"}, "access": {"limited"}, "sections": {"users"}}))
	page := b.get("/administrators/NEW/invite", http.StatusOK)
	require.Contains(t, copyableText(page, "link"), b.server.URL+"/set-password/")
	require.Contains(t, b.get("/administrators/NEW", http.StatusOK), "no password")
}

func TestPages_limitedAdministratorNeedsSectionsAndScope(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	requireChosen := func(page, value string) {
		t.Helper()
		require.Contains(t, page, `name="scope" value="`+value+`" checked`)
	}
	requireChosen(b.get("/administrators/new", http.StatusOK), "listed")
	form := url.Values{"username": {"jane.admin"}, "access": {"limited"}, "scope": {"listed"}}
	page := b.post("/administrators/new", form, http.StatusUnprocessableEntity)
	require.Contains(t, page, `id="field-sections-error"`)
	require.Contains(t, page, `id="field-scope-error"`)
	requireChosen(page, "listed")

	form["sections"], form["scope"], form["extensions"] = []string{"users"}, []string{"all"}, []string{"100-199"}
	b.postRedirect("/administrators/new", form)
	one, err := b.server.Site.Administrators.Get(t.Context(), "jane.admin")
	require.NoError(t, err)
	require.Empty(t, one.Extensions, "All is without limits")
	requireChosen(b.get("/administrators/jane.admin", http.StatusOK), "all")

	form["username"], form["scope"] = []string{"john.admin"}, []string{"listed"}
	b.postRedirect("/administrators/new", form)
	one, err = b.server.Site.Administrators.Get(t.Context(), "john.admin")
	require.NoError(t, err)
	require.NotEmpty(t, one.Extensions)
	requireChosen(b.get("/administrators/john.admin", http.StatusOK), "listed")

	b.postRedirect("/administrators/new", url.Values{"username": {"root.two"}, "access": {"full"}, "scope": {"listed"}})
}

func TestPages_administratorFieldErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := url.Values{
		"username": {"x y"}, "password": {"too-short"}, "display_name": {"<b>Jane</b>"}, "access": {"limited"}, "sections": {"ami-accounts"},
	}
	page := b.post("/administrators/new", form, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-username")
	b.requireFieldError(page, "field-password")
	require.Contains(t, page, `value="&lt;b&gt;Jane&lt;/b&gt;"`)
	require.Contains(t, page, `value="ami-accounts" checked`)
	require.NotContains(t, page, "too-short")

	form.Set("extensions", "100-")
	form.Set("dids", "x")
	page = b.post("/administrators/new", form, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-extensions")
	b.requireFieldError(page, "field-dids")
	form = url.Values{"username": {"ROOT.admin"}, "password": {password}, "access": {"limited"}, "sections": {"users"}}
	b.requireFieldError(b.post("/administrators/new", form, http.StatusUnprocessableEntity), "field-username")
}

func TestPages_administratorEditConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", DisplayName: "Jane"}, password)
	page := b.get("/administrators/jane.admin", http.StatusOK)
	_, err := b.server.Site.Administrators.Update(t.Context(), "jane.admin", func(a *ampusers.Administrator) error {
		a.DisplayName = "Jane of theirs"
		return nil
	})
	require.NoError(t, err)

	form := url.Values{"version": {b.hiddenValue(page, "version")}, "display_name": {"Jane of mine"}, "access": {"limited"}, "sections": {"users"}}
	page = b.post("/administrators/jane.admin", form, http.StatusConflict)
	require.Contains(t, page, "<td>Jane of theirs</td><td>Jane of mine</td>")
	require.Contains(t, page, `value="Jane of mine"`)
	require.NotContains(t, page, "<th scope=\"row\">Teams</th>")
	a, err := b.server.Site.Administrators.Get(t.Context(), "jane.admin")
	require.NoError(t, err)
	require.Equal(t, "Jane of theirs", a.DisplayName)

	form.Set("version", b.hiddenValue(page, "version"))
	require.Equal(t, "/administrators/jane.admin", b.postRedirect("/administrators/jane.admin", form))
	require.Contains(t, b.get("/administrators/jane.admin", http.StatusOK), `value="Jane of mine"`)
}

func TestPages_addedRightsRevokeInvitation(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	const one = "/administrators/jane.admin"
	b.postRedirect("/administrators/new", url.Values{"username": {"jane.admin"}, "access": {"limited"}, "sections": {"users"}})
	for sections, message := range map[string]string{"": "Saved.", "audit": "Create a new one"} {
		form := url.Values{"version": {b.hiddenValue(b.get(one, http.StatusOK), "version")}, "access": {"limited"}, "sections": {"users"}}
		if sections != "" {
			form.Set("sections", sections)
			// The invitation that an administrator without this right created ends.
			form.Set("confirmed", b.hiddenValue(b.post(one, form, http.StatusOK), "confirmed"))
		}
		b.postRedirect(one, form)
		require.Contains(t, b.get(one, http.StatusOK), message)
	}
}

func TestPages_concurrentLoginCausesNoConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin"}, password)
	page := b.get("/administrators/jane.admin", http.StatusOK)
	b.loginAs("jane.admin")
	form := url.Values{"version": {b.hiddenValue(page, "version")}, "display_name": {"Jane"}, "access": {"full"}, "sections": {"audit"}, "extensions": {"1"}}
	b.postRedirect("/administrators/jane.admin", form)
	a, err := b.server.Site.Administrators.Get(t.Context(), "jane.admin")
	require.NoError(t, err)
	require.Equal(t, ampusers.Full, a.Access)
	require.True(t, a.Extensions.IsUnrestricted())
}

func TestPages_keepLastFullAdministrator(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	const one = "/administrators/root.admin"
	require.Contains(t, b.get(one+"/delete", http.StatusOK), "This cannot be undone")
	require.Contains(t, b.post(one+"/delete", nil, http.StatusConflict), `role="alert"`)
	require.Contains(t, b.post(one+"/disable", nil, http.StatusConflict), `role="alert"`)
	form := url.Values{"version": {b.hiddenValue(b.get(one, http.StatusOK), "version")}, "access": {"limited"}, "sections": {"users"}}
	require.Contains(t, b.post(one, form, http.StatusConflict), `role="alert"`)
	b.get(one, http.StatusOK)
}

func TestPages_administratorLifecycle(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin"}, password)
	jane := b.loginAs("jane.admin")
	b.postRedirect("/administrators/jane.admin/disable", nil)
	require.Contains(t, b.get("/administrators/jane.admin", http.StatusOK), "Disabled. The administrator was logged out")
	require.Contains(t, jane.getRedirect("/account"), "/login")
	b.postRedirect("/administrators/jane.admin/enable", nil)

	b.requireFieldError(b.post("/administrators/jane.admin/password", url.Values{"password": {"short"}}, http.StatusUnprocessableEntity), "field-password")
	b.postRedirect("/administrators/jane.admin/password", url.Values{"password": {password + "-2"}})
	jane.post("/login", url.Values{"username": {"jane.admin"}, "password": {password}}, http.StatusUnprocessableEntity)
	jane.postRedirect("/login", url.Values{"username": {"jane.admin"}, "password": {password + "-2"}})

	require.Equal(t, "/administrators", b.postRedirect("/administrators/jane.admin/delete", nil))
	require.Contains(t, b.get("/administrators", http.StatusOK), "jane.admin was deleted.")
	b.get("/administrators/jane.admin", http.StatusNotFound)
}

func TestPages_administratorSetsOwnPasswordOnlyWithCurrentOne(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	page := b.post("/administrators/root.admin/password", url.Values{"password": {password + "-2"}}, http.StatusForbidden)
	require.Contains(t, page, "use the page of your account")
	b.loginAs("root.admin")
}

func TestPages_limitedAdministratorCannotEscalate(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"administrators"}}, password)
	jane := b.loginAs("jane.admin")
	require.NotContains(t, jane.get("/administrators", http.StatusOK), "root.admin")
	hidden := jane.get("/administrators/root.admin", http.StatusNotFound)
	require.Equal(t, withoutTokens(jane.get("/administrators/nobody", http.StatusNotFound)), withoutTokens(hidden), "not told from one that does not exist")
	jane.post("/administrators/root.admin/delete", nil, http.StatusNotFound)
	for _, form := range []url.Values{
		{"username": {"new.full"}, "password": {password}, "access": {"full"}},
		{"username": {"new.audit"}, "password": {password}, "access": {"limited"}, "sections": {"audit"}},
	} {
		require.Contains(t, jane.post("/administrators/new", form, http.StatusForbidden), `role="alert"`)
	}
	_, err := b.server.Site.Administrators.Get(t.Context(), "new.full")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestPages_administratorRightsAreExplained(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	ranges, err := scope.ParseRanges("100-199")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"audit"}, Extensions: ranges}, password)
	page := b.get("/administrators/jane.admin?number=%3Cb%3E", http.StatusOK)
	require.Contains(t, page, "Extension &lt;b&gt;")
	for number, may := range map[string]string{"105": "yes", "205": "no"} {
		page = b.get("/administrators/jane.admin?number="+number, http.StatusOK)
		_, row, found := strings.Cut(page, `<th scope="row">Extension `+number)
		require.True(t, found)
		row, _, _ = strings.Cut(row, "</tr>")
		require.Contains(t, row, ">"+may+"<")
	}
}

func TestPages_administratorListSearchSortPaging(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for i := range 60 {
		_, err := b.server.Site.Administrators.Create(t.Context(), &ampusers.Administrator{Username: fmt.Sprintf("user.%02d", i)}, store.Secret{})
		require.NoError(t, err)
	}
	page := b.get("/administrators?sort=-username", http.StatusOK)
	require.Contains(t, page, `aria-sort="descending"`)
	require.Less(t, strings.Index(page, ">user.59<"), strings.Index(page, ">user.58<"))
	require.NotContains(t, page, ">user.01<")

	_, next, found := strings.Cut(page, `rel="next"`)
	require.True(t, found)
	require.NotEmpty(t, next)
	before, _, _ := strings.Cut(page, `" rel="next"`)
	href := strings.ReplaceAll(before[strings.LastIndex(before, `href="`)+6:], "&amp;", "&")
	page = b.get(href, http.StatusOK)
	require.Contains(t, page, ">user.01<")
	require.Contains(t, page, "51–61 of 61")
	require.Contains(t, page, `rel="prev"`)

	page = b.get("/administrators?search=USER.3", http.StatusOK)
	require.Contains(t, page, ">user.37<")
	require.NotContains(t, page, ">user.45<")
	require.Contains(t, page, `value="USER.3"`)
	require.Contains(t, b.get("/administrators?search=zzz", http.StatusOK), "Nothing matches")
}
