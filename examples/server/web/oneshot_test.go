package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
)

// requireHead requests the headers of a page.
func (b *browser) requireHead(path string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodHead, b.server.URL+path, http.NoBody)
	require.NoError(b, err)
	response, body := servertest.Do(b, b.client, request)
	require.Equal(b, http.StatusOK, response.StatusCode)
	require.Equal(b, "no-store", response.Header.Get("Cache-Control"))
	require.Empty(b, body)
}

func TestPages_secretSurvivesHEAD(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	b.requireHead("/ami-accounts/crmpro_ami/secret")
	require.NotEmpty(t, copyableText(b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK), "secret"))
	b.postRedirect("/ami-accounts/crmpro_ami/disable", nil)
	b.requireHead("/ami-accounts/crmpro_ami")
	require.Contains(t, b.get("/ami-accounts/crmpro_ami", http.StatusOK), "Disabled. Apply to remove")
}

func TestPages_replacedSecretIsNotShown(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	_, err := b.server.Site.AMIAccounts.Rotate(t.Context(), "crmpro_ami", store.Secret{})
	require.NoError(t, err)
	require.Empty(t, copyableText(b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK), "secret"))

	b.postRedirect("/administrators/new", url.Values{"username": {"jane.admin"}, "access": {"limited"}, "sections": {"users"}})
	_, err = b.server.Site.Administrators.Invite(t.Context(), "jane.admin")
	require.NoError(t, err)
	require.Empty(t, copyableText(b.get("/administrators/jane.admin/invite", http.StatusOK), "link"))
}

func TestPages_pendingSecretsAreLimited(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	const created = 15
	for i := range created {
		b.postRedirect("/ami-accounts/new", url.Values{"name": {fmt.Sprintf("account-%d", i)}})
	}
	found := 0
	for i := range created {
		if copyableText(b.get(fmt.Sprintf("/ami-accounts/account-%d/secret", i), http.StatusOK), "secret") != "" {
			found++
		}
	}
	require.Equal(t, 10, found)
}

func TestPages_passwordIsNotTrimmed(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	const spaced = " plum orbit  canyon 47 "
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin"}, spaced)
	b.server.LogIn(t, "jane.admin", spaced)
	b.anonymous().post("/login", url.Values{"username": {"jane.admin"}, "password": {"plum orbit  canyon 47"}}, http.StatusUnprocessableEntity)
}
