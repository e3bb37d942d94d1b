package web_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
)

var (
	toastPattern = regexp.MustCompile(`(?s)<div id="toast".*?</div></div>`)
	undoPattern  = regexp.MustCompile(`<form method="post" action="([^"]+)">`)
	inputPattern = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// undoForm returns the form of the toast in a page.
func (b *browser) undoForm(page string) (path string, values url.Values) {
	b.Helper()
	toast := toastPattern.FindString(page)
	action := undoPattern.FindStringSubmatch(toast)
	require.NotNil(b, action, toast)
	return html.UnescapeString(action[1]), hiddenValues(toast)
}

// hiddenValues returns the values of all hidden inputs in a part of a page.
func hiddenValues(part string) url.Values {
	values := url.Values{}
	for _, input := range inputPattern.FindAllStringSubmatch(part, -1) {
		values.Add(input[1], html.UnescapeString(input[2]))
	}
	return values
}

// undo submits the form of the toast in a page.
func (b *browser) undo(page string) string {
	b.Helper()
	path, values := b.undoForm(page)
	return b.postRedirect(path, values)
}

func TestPages_toastUndoesWhatWasDone(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	ctx, site := t.Context(), b.server.Site
	_, err := site.Users.Create(ctx, userman.NewUser{User: &userman.User{Username: "ada", FirstName: "Ada", DefaultExtension: "1001"}})
	require.NoError(t, err)
	_, err = site.AMIAccounts.Create(ctx, &manager.Account{Name: "wallboard"})
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "desk", Access: ampusers.Full}, password)
	user := func() *userman.User {
		one, err := site.Users.Get(ctx, "ada")
		require.NoError(t, err)
		return one
	}
	for _, c := range []struct {
		name, path string
		form       url.Values
		undone     func() bool
	}{
		{"deleted user", "/users/ada/delete", nil, func() bool { return user().DefaultExtension == "1001" }},
		{"disabled user", "/users/ada/disable", nil, func() bool { return !user().Disabled }},
		{"new number", "/users/ada/renumber", url.Values{"default_extension": {"1002"}}, func() bool { return user().DefaultExtension == "1001" }},
		{"disabled AMI account", "/ami-accounts/wallboard/disable", nil, func() bool {
			one, err := site.AMIAccounts.Get(ctx, "wallboard")
			require.NoError(t, err)
			return !one.Disabled
		}},
		{"disabled administrator", "/administrators/desk/disable", nil, func() bool {
			one, err := site.Administrators.Get(ctx, "desk")
			require.NoError(t, err)
			return !one.Disabled
		}},
	} {
		before, err := site.AuditLog.List(ctx, audit.Query{Actor: "root.admin"})
		require.NoError(t, err)
		page := b.get(b.postRedirect(c.path, c.form), http.StatusOK)
		b.get(b.undo(page), http.StatusOK)
		require.True(t, c.undone(), c.name)
		after, err := site.AuditLog.List(ctx, audit.Query{Actor: "root.admin"})
		require.NoError(t, err)
		require.GreaterOrEqual(t, after.Items[0].Sequence, before.Items[0].Sequence+2, "%s: both are audited", c.name)
	}
}

func TestPages_undoKeepsLaterChange(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	ctx, site := t.Context(), b.server.Site
	_, err := site.Users.Create(ctx, userman.NewUser{User: &userman.User{Username: "ada"}})
	require.NoError(t, err)
	page := b.get(b.postRedirect("/users/ada/disable", nil), http.StatusOK)
	for _, change := range []func(*userman.Service, context.Context, string) (*userman.User, error){(*userman.Service).Enable, (*userman.Service).Disable} {
		_, err := change(site.Users, ctx, "ada") // by another administrator, who means it
		require.NoError(t, err)
	}
	require.Contains(t, b.get(b.undo(page), http.StatusOK), "Nothing was undone, because ada was changed again in between.")
	user, err := site.Users.Get(ctx, "ada")
	require.NoError(t, err)
	require.True(t, user.Disabled)
}

func TestPages_toastIsShownOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, err := b.server.Site.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: "ada"}})
	require.NoError(t, err)
	toast := toastPattern.FindString(b.get(b.postRedirect("/users/ada/sessions/end", nil), http.StatusOK))
	require.Contains(t, toast, "All sessions ended.")
	require.NotContains(t, toast, "Undo", "it cannot be taken back")
	require.Contains(t, toast, "Dismiss")
	require.NotContains(t, b.get("/users/ada", http.StatusOK), `id="toast"`)
}

func TestPages_nameTheProduct(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.NoError(t, b.server.Site.SaveSettings(t.Context(), 0, settings.Changes{Set: map[string]field.Value{"product": field.TextValue("ACME & Sons")}}))
	page := b.get("/users", http.StatusOK)
	require.Contains(t, page, "<title>Users · ACME &amp; Sons</title>")
	require.Contains(t, page, ">ACME &amp; Sons</span></a>")
}
