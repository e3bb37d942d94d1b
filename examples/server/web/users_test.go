package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
)

// createUser creates a user without the pages.
func (b *browser) createUser(u userman.User) *userman.User {
	b.Helper()
	created, err := b.server.Site.Users.Create(b.Context(), userman.NewUser{User: &u})
	require.NoError(b, err)
	return created
}

// user reads a user without the pages.
func (b *browser) user(username string) *userman.User {
	b.Helper()
	u, err := b.server.Site.Users.Get(b.Context(), username)
	require.NoError(b, err)
	return u
}

// janeForm is the form that adds jane.roe.
func janeForm() url.Values {
	return url.Values{
		"username": {"jane.roe"}, "default_extension": {"4001"}, "description": {"Knows the copier"}, "title": {"Head of Sales"},
		"company": {"Acme"}, "department": {"Sales"}, "first_name": {"Jane"}, "last_name": {"Roe"}, "display_name": {""},
		"email": {"jane.roe@example.com"}, "other_emails": {"jr@example.com, sales@example.com"}, "cell_phone": {"+49 170 1234567"},
		"home_phone": {"030 123456"}, "work_phone": {"030 4001"}, "fax": {"030 4002"}, "language": {"de"}, "time_zone": {"Europe/Berlin"},
		"linked_extensions": {"4100, 4101"}, "onboarding": {"later"},
	}
}

func TestPages_userCreateWithAllFields(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := janeForm()
	form.Set("onboarding", "password")
	form.Set("password", password)
	require.Equal(t, "/users/jane.roe", b.postRedirect("/users/new", form))
	page := b.get("/users/jane.roe", http.StatusOK)
	require.Contains(t, page, "jane.roe was added and can log in")
	for _, name := range []string{"default_extension", "description", "title", "department", "first_name", "email", "other_emails", "cell_phone", "fax", "linked_extensions"} {
		require.Contains(t, page, `name="`+name+`" type="text" value="`+escapeHTML(form.Get(name))+`"`)
	}
	require.Contains(t, page, `<option value="de" selected>Deutsch (de)</option>`)
	require.Contains(t, page, `<option value="Europe/Berlin" selected>Europe/Berlin</option>`)
	u := b.user("jane.roe")
	require.True(t, u.HasPassword)
	require.Equal(t, []string{"4100", "4101"}, u.LinkedExtensions)
	require.Equal(t, []string{"jr@example.com", "sales@example.com"}, u.OtherEmails)
	require.Contains(t, b.get("/users", http.StatusOK), `<a href="/users/jane.roe">`+u.Name()+`</a>`)
}

func TestPages_userCreateDefaultGroups(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, g := range []userman.Group{{Name: "Everybody", Default: true}, {Name: "Sales, north"}} {
		_, err := b.server.Site.Users.Groups().Create(t.Context(), &g)
		require.NoError(t, err)
	}
	require.Contains(t, b.get("/users/new", http.StatusOK), `value="Everybody" checked`)
	form := janeForm()
	form["groups"] = []string{"Everybody", "Sales, north"}
	b.postRedirect("/users/new", form)
	require.Equal(t, []string{"Everybody", "Sales, north"}, b.user("jane.roe").Groups)
	form = url.Values{"username": {"john.roe"}, "onboarding": {"later"}}
	b.postRedirect("/users/new", form)
	require.Empty(t, b.user("john.roe").Groups)
}

func TestPages_userNeedsWholeEmail(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := url.Values{"username": {"jane.roe"}, "onboarding": {"mail"}}
	page := b.post("/users/new", form, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-email")
	require.Contains(t, page, "Enter the address for the welcome email")
	form.Set("email", "jane@example")
	b.requireFieldError(b.post("/users/new", form, http.StatusUnprocessableEntity), "field-email")
	_, err := b.server.Site.Users.Get(t.Context(), "jane.roe")
	require.ErrorIs(t, err, store.ErrNotFound)

	b.createUser(userman.User{Username: "old.user", Email: "old@mailhost"})
	version := b.hiddenValue(b.get("/users/old.user", http.StatusOK), "version")
	edit := url.Values{"version": {version}, "username": {"old.user"}, "email": {"old@mailhost"}, "first_name": {"Olga"}}
	require.Equal(t, "/users/old.user", b.postRedirect("/users/old.user", edit), "an address that the user has stays")
}

func TestPages_userFieldErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "john.roe", DefaultExtension: "4001"})
	form := janeForm()
	form.Set("username", "x y")
	form.Set("email", "nowhere")
	form.Set("other_emails", "a@example.com, nowhere")
	form.Set("default_extension", "40-1")
	form.Set("time_zone", "Mars")
	form.Set("display_name", "<b>Jane</b>")
	page := b.post("/users/new", form, http.StatusUnprocessableEntity)
	for _, id := range []string{"username", "email", "default_extension", "time_zone", "other_emails"} {
		b.requireFieldError(page, "field-"+id)
	}
	require.Contains(t, page, "Other emails: “")
	require.Contains(t, page, `value="&lt;b&gt;Jane&lt;/b&gt;"`)

	page = b.post("/users/new", janeForm(), http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-default_extension")
	require.Contains(t, page, "another user already has this default extension")
	form = janeForm()
	form.Set("default_extension", "4002")
	form.Set("username", "JOHN.roe")
	b.requireFieldError(b.post("/users/new", form, http.StatusUnprocessableEntity), "field-username")
}

// The error of the first login hides no other one.
func TestPages_onboardingErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := janeForm()
	form.Set("username", "x y")
	for chosen, field := range map[string]string{"": "field-onboarding", "nonsense": "field-onboarding", "password": "field-password"} {
		form.Set("onboarding", chosen)
		page := b.post("/users/new", form, http.StatusUnprocessableEntity)
		b.requireFieldError(page, "field-username")
		require.Contains(t, page, `href="#`+field+`"`)
		require.Contains(t, page, `<small id="`+field+`-error"`)
	}
	form.Set("onboarding", "mail")
	form.Set("password", password)
	page := b.post("/users/new", form, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-username")
	require.Contains(t, page, "select &#34;Set the password below&#34;")
	require.NotContains(t, page, password)
}

func TestPages_userRename(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/users/new", janeForm())
	form := janeForm()
	form.Set("version", b.hiddenValue(b.get("/users/jane.roe", http.StatusOK), "version"))
	form.Set("username", "jane.smith")
	require.Equal(t, "/users/jane.smith", b.postRedirect("/users/jane.roe", form))
	require.Contains(t, b.get("/users/jane.smith", http.StatusOK), "Saved.")
	b.get("/users/jane.roe", http.StatusNotFound)
}

func TestPages_userEditConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/users/new", janeForm())
	page := b.get("/users/jane.roe", http.StatusOK)
	_, err := b.server.Site.Users.Update(t.Context(), "jane.roe", func(u *userman.User) error {
		u.Title = "Title of theirs"
		return nil
	})
	require.NoError(t, err)
	form := janeForm()
	form.Set("version", b.hiddenValue(page, "version"))
	form.Set("title", "Title of mine")
	page = b.post("/users/jane.roe", form, http.StatusConflict)
	require.Contains(t, page, "<td>Title of theirs</td><td>Title of mine</td>")
	require.Equal(t, "Title of theirs", b.user("jane.roe").Title)

	// A rejected form keeps its version.
	form.Set("email", "nowhere")
	rejected := b.post("/users/jane.roe", form, http.StatusConflict)
	require.Contains(t, rejected, "Edit conflict")
	form.Set("version", b.hiddenValue(page, "version"))
	rejected = b.post("/users/jane.roe", form, http.StatusUnprocessableEntity)
	b.requireFieldError(rejected, "field-email")
	require.Equal(t, b.hiddenValue(page, "version"), b.hiddenValue(rejected, "version"))
	form.Set("email", "jane.roe@example.com")
	b.postRedirect("/users/jane.roe", form)
	require.Equal(t, "Title of mine", b.user("jane.roe").Title)
}

func TestPages_userEditConflictIgnoresOrderOfGroups(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/groups/new", url.Values{"name": {"Zulu"}, "priority": {"1"}})
	b.postRedirect("/groups/new", url.Values{"name": {"Alpha"}, "priority": {"2"}})
	groups := []string{"Zulu", "Alpha"}
	b.createUser(userman.User{Username: "jane.roe", Groups: groups})
	form := url.Values{"username": {"jane.roe"}, "title": {"Mine"}, "groups": groups, "version": {b.hiddenValue(b.get("/users/jane.roe", http.StatusOK), "version")}}
	_, err := b.server.Site.Users.Update(t.Context(), "jane.roe", func(u *userman.User) error {
		u.Title = "Theirs"
		return nil
	})
	require.NoError(t, err)
	page := b.post("/users/jane.roe", form, http.StatusConflict)
	require.Contains(t, page, `<tr><th scope="row">Job title</th>`)
	require.NotContains(t, page, `<tr><th scope="row">Groups</th>`)
}

// A form is for one user, whatever their current username. It must not change
// another user.
func TestPages_userEditConflictAfterRename(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/users/new", janeForm())
	rename := func(from, to string) {
		_, err := b.server.Site.Users.Update(t.Context(), from, func(u *userman.User) error {
			u.Username = to
			return nil
		})
		require.NoError(t, err)
	}
	page := b.get("/users/jane.roe", http.StatusOK)
	form := janeForm()
	form.Set("title", "Title of mine")
	for _, name := range []string{"version", "user"} {
		form.Set(name, b.hiddenValue(page, name))
	}
	form.Set("permissions.rest.use", "on")
	rename("jane.roe", "jane.smith")
	page = b.post("/users/jane.roe", form, http.StatusConflict)
	require.Contains(t, page, "<td>jane.smith</td><td>jane.roe</td>")
	require.Contains(t, page, `value="Title of mine"`)
	require.Contains(t, page, `action="/users/jane.smith"`)

	b.createUser(userman.User{Username: "jane.roe"})
	form.Set("username", "jane.smith")
	form.Set("version", b.hiddenValue(page, "version"))
	require.Equal(t, "/users/jane.smith", b.postRedirect("/users/jane.roe", form))
	require.Equal(t, "Title of mine", b.user("jane.smith").Title)
	require.True(t, b.user("jane.smith").Permissions["rest.use"].IsOn())
	require.Empty(t, b.user("jane.roe").Title)
	require.Empty(t, b.user("jane.roe").Permissions)
	require.NoError(t, b.server.Site.Users.Delete(t.Context(), "jane.smith"))
	b.post("/users/jane.smith", form, http.StatusNotFound)
}

func TestPages_userListSearchFilterSort(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, err := b.server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: "Sales"})
	require.NoError(t, err)
	b.createUser(userman.User{Username: "jane.roe", CellPhone: "+49 170 1234567", Groups: []string{"Sales"}})
	b.createUser(userman.User{Username: "john.roe", Disabled: true})
	b.createUser(userman.User{Username: "welcome"})
	for path, found := range map[string][2]bool{
		"/users?search=1701234567": {true, false},
		"/users?group=sales":       {true, false},
		"/users?status=disabled":   {false, true},
		"/users?status=enabled":    {true, false},
		"/users?not_welcomed=1":    {true, true},
		"/users?sort=-username":    {true, true},
	} {
		page := b.get(path, http.StatusOK)
		require.Equal(t, found[0], contains(page, ">jane.roe<"), path)
		require.Equal(t, found[1], contains(page, ">john.roe<"), path)
	}
	page := b.get("/users?status=disabled&search=roe&sort=username", http.StatusOK)
	require.Contains(t, page, `href="/users?search=roe&amp;sort=username" data-list="clear"><span class="visually-hidden">Remove filter </span>Status: Disabled`)
	require.Contains(t, page, `href="/users?search=roe&amp;sort=-username&amp;status=disabled#rows"`)
	require.Contains(t, page, `value="disabled" selected`)
	require.Contains(t, b.get("/users?search=zzz", http.StatusOK), "Nothing matches")
	b.get("/users?status=nonsense", http.StatusBadRequest)
	b.get("/users?sort=secret", http.StatusBadRequest)
	require.Contains(t, b.get("/users", http.StatusOK), `href="/users/WELCOME"`)
	b.get("/users/WELCOME", http.StatusOK)
}

func TestPages_usersAreLimitedToScope(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "inside", DefaultExtension: "4001"})
	b.createUser(userman.User{Username: "outside", DefaultExtension: "5001"})
	ranges, err := scope.ParseRanges("4000-4999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "front.desk", Sections: []string{"users"}, Extensions: ranges}, password)
	desk := b.loginAs("front.desk")
	page := desk.get("/users", http.StatusOK)
	require.Contains(t, page, ">inside<")
	require.NotContains(t, page, "outside")
	desk.get("/users/inside", http.StatusOK)
	for _, path := range []string{"", "/permissions", "/tokens", "/password", "/delete", "/picture", "/mail/welcome"} {
		hidden := desk.get("/users/outside"+path, http.StatusNotFound)
		require.Equal(t, withoutTokens(desk.get("/users/nobody"+path, http.StatusNotFound)), withoutTokens(hidden), "not told from one that does not exist")
	}
	form := url.Values{"username": {"new"}, "default_extension": {"5002"}, "onboarding": {"later"}}
	require.Contains(t, desk.post("/users/new", form, http.StatusForbidden), `role="alert"`)
	form.Set("default_extension", "4002")
	require.Equal(t, "/users/NEW", desk.postRedirect("/users/new", form))
	form = url.Values{"username": {"new"}, "default_extension": {"5002"}, "version": {desk.hiddenValue(desk.get("/users/NEW", http.StatusOK), "version")}}
	require.Contains(t, desk.post("/users/NEW", form, http.StatusForbidden), `role="alert"`)
	form.Set("user", string(b.user("outside").ID))
	desk.post("/users/NEW", form, http.StatusNotFound)
	require.Equal(t, "4002", b.user("new").DefaultExtension)
}

func TestPages_menuMarksDeletedUsers(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	const current = `<a class="side-link d-flex align-items-center gap-2 px-3 py-2 rounded text-decoration-none" href="/users" aria-current="page">`
	require.Contains(t, b.get("/users?status=deleted", http.StatusOK), current)
	require.NotContains(t, b.get("/groups", http.StatusOK), current)
}

func TestPages_emptyUsernameIsSuggested(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.NotRegexp(t, `name="username"[^>]* required`, b.get("/users/new", http.StatusOK))
	form := janeForm()
	form.Set("username", "")
	require.Equal(t, "/users/jane.roe", b.postRedirect("/users/new", form))
	form.Set("default_extension", "")
	page := b.post("/users/new", form, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-username")
	require.Contains(t, page, `name="username" type="text" value="jane.roe"`)
	b.requireFieldError(b.post("/users/new", url.Values{"username": {""}, "onboarding": {"later"}}, http.StatusUnprocessableEntity), "field-username")
}

func TestPages_suggestionsAreInScope(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", FirstName: "Jane", LastName: "Roe", DefaultExtension: "4001"})
	b.createUser(userman.User{Username: "john.roe", DefaultExtension: "5001"})
	b.createUser(userman.User{Username: "jim.roe"})
	require.JSONEq(t, `[{"value": "4001", "label": "4001", "hint": "Jane Roe"}, {"value": "5001", "label": "5001", "hint": "john.roe"}]`,
		b.get("/users/suggest?field=default_extension&search=roe", http.StatusOK))
	ranges, err := scope.ParseRanges("4000-4999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "front.desk", Sections: []string{"users", "groups"}, Extensions: ranges}, password)
	require.JSONEq(t, `[{"value": "jane.roe", "label": "jane.roe", "hint": "Jane Roe"}]`, b.loginAs("front.desk").get("/users/suggest?field=username&search=roe", http.StatusOK))
	b.createGroup(userman.Group{Name: "Sales"})
	const suggested = `data-chips="/users/suggest?field=username"`
	require.Contains(t, b.get("/groups/Sales", http.StatusOK), suggested)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "only.groups", Sections: []string{"groups"}}, password)
	require.NotContains(t, b.loginAs("only.groups").get("/groups/Sales", http.StatusOK), suggested)
}
