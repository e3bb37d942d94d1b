package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
)

// searchFixture returns a browser on a server with records that match "desk".
func searchFixture(t *testing.T) *browser {
	t.Helper()
	b := start(t, nil)
	ctx, site := t.Context(), b.server.Site
	for username, extension := range map[string]string{"desk.inside": "1001", "desk.outside": "2001"} {
		_, err := site.Users.Create(ctx, userman.NewUser{User: &userman.User{Username: username, DefaultExtension: extension}})
		require.NoError(t, err)
	}
	_, err := site.Users.Groups().Create(ctx, &userman.Group{Name: "Help desk"})
	require.NoError(t, err)
	_, err = site.AMIAccounts.Create(ctx, &manager.Account{Name: "deskphones"})
	require.NoError(t, err)
	ranges, err := scope.ParseRanges("1000-1999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "desk.admin", Sections: []string{app.SectionUsers}, Extensions: ranges}, password)
	return b
}

func TestPages_searchFindsEachKind(t *testing.T) {
	t.Parallel()
	b := searchFixture(t)
	for text, hrefs := range map[string][]string{
		"desk":      {"/users/desk.inside", "/users/desk.outside", "/groups/Help%20desk", "/ami-accounts/deskphones", "/administrators/desk.admin"},
		"2001":      {"/users/desk.outside"},
		"add user":  {"/users/new"},
		"apply":     {"/config"},
		"mail serv": {"/settings/mail#field-smtp"},
	} {
		query := "/search?q=" + strings.ReplaceAll(text, " ", "+")
		page, options := b.get(query, http.StatusOK), b.getFragment(query)
		for _, href := range hrefs {
			require.Contains(t, page, `<a href="`+href+`">`, text)
			require.Contains(t, options, `href="`+href+`"`, text)
		}
		require.NotContains(t, options, "<html")
		require.Contains(t, options, `role="option"`)
	}
	require.Contains(t, b.get("/search?q=2001", http.StatusOK), ">Extensions</h2>")
	require.Contains(t, b.get("/search?q=nobody-is-here", http.StatusOK), "Nothing found.")
	require.Contains(t, b.get("/search?q="+strings.Repeat("a", 200), http.StatusOK), "Nothing found.")
	require.Contains(t, b.get("/search", http.StatusOK), "Enter a name")
}

func TestPages_searchFindsOnlyWhatIsVisible(t *testing.T) {
	t.Parallel()
	b := searchFixture(t)
	page := b.loginAs("desk.admin").get("/search?q=desk", http.StatusOK)
	require.Contains(t, page, `<a href="/users/desk.inside">`)
	for _, hidden := range []string{"outside", "Help", "deskphones", `href="/administrators`} {
		require.NotContains(t, page, hidden)
	}
	page = b.loginAs("desk.admin").get("/search?q=a", http.StatusOK)
	require.NotContains(t, page, `href="/settings`)
	require.NotContains(t, page, `href="/config"`)
}

func TestPages_searchIsBounded(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, name := range []string{"aaa1", "aaa2", "aaa3", "aaa4", "aaa5", "aaa6", "aaa7"} {
		_, err := b.server.Site.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: name}})
		require.NoError(t, err)
	}
	page := b.get("/search?q=aaa", http.StatusOK)
	require.Equal(t, 5, strings.Count(page, `<a href="/users/aaa`))
	require.Contains(t, page, `<a href="/users?search=aaa">Show all 7 users</a>`)
}
