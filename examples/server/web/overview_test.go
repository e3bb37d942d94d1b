package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func TestPages_overviewCountsWhatNeedsAttention(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	ctx, site := t.Context(), b.server.Site
	empty := b.get("/", http.StatusOK)
	require.NotContains(t, empty, "Users without a password")
	for name, secret := range map[string]string{"ada": "", "ben": password} {
		_, err := site.Users.Create(ctx, userman.NewUser{User: &userman.User{Username: name}, Password: store.NewSecret(secret)})
		require.NoError(t, err)
	}
	_, err := site.AMIAccounts.Create(ctx, &manager.Account{Name: "wallboard"})
	require.NoError(t, err)
	page := b.get("/", http.StatusOK)
	for label, value := range map[string]string{
		"Users": `">2`, "AMI accounts": `">1`, "Users without a password": ` warnings">1`,
		"Administrators without a second factor": ` warnings">1`,
	} {
		require.Contains(t, page, `<h2 class="subheader">`+label+"</h2>\n"+`<p class="h2 mb-1`+value+"</p>")
	}
	require.Contains(t, page, `href="/users?no_password=1&amp;status=enabled"`)
	require.Contains(t, b.get("/users?no_password=1&status=enabled", http.StatusOK), "1 of 2 users matches")
	require.Contains(t, page, `Created: <strong class="text-break">user `)
	require.NotContains(t, page, "Logged in")
}

func TestPages_overviewShowsOnlyOwnSections(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "desk", Sections: []string{app.SectionAMIAccounts}}, password)
	page := b.loginAs("desk").get("/", http.StatusOK)
	require.Contains(t, page, `<h2 class="subheader">AMI accounts</h2>`)
	for _, hidden := range []string{"Users", "without a", "Recent changes", "root.admin", `href="/config"`, "mail server", "Connect Asterisk"} {
		require.NotContains(t, page, hidden)
	}
}

func TestPages_overviewTicksFirstSteps(t *testing.T) {
	t.Parallel()
	b := start(t, withMailer(newFakeMailer()))
	page := b.get("/", http.StatusOK)
	for _, open := range []string{`href="/account">Set up two-factor`, `href="/settings/install">Connect Asterisk`, `href="/users/new">Add user`} {
		require.Contains(t, page, open)
	}
	require.Contains(t, page, `<strong>Set your password</strong> <span class="badge on">done</span>`)
	_, err := b.server.Site.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: "ada"}})
	require.NoError(t, err)
	page = b.get("/", http.StatusOK)
	require.Contains(t, page, `<strong>Add the first user</strong> <span class="badge on">done</span>`)
}
