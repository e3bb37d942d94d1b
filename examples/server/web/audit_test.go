package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
)

func TestPages_auditShowsChanges(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	form := crmAccountForm()
	form.Set("owner", "Support")
	form.Set("version", b.hiddenValue(b.get("/ami-accounts/crmpro_ami", http.StatusOK), "version"))
	b.postRedirect("/ami-accounts/crmpro_ami", form)
	page := b.get("/audit?action=update", http.StatusOK)
	require.Contains(t, page, `<span class="visually-hidden">before: </span>Sales</del>`)
	require.Contains(t, page, `<span class="visually-hidden">after: </span>Support</ins>`)
	require.Contains(t, page, "127.0.0.1")
	require.NotContains(t, page, ">create<")
	require.NotContains(t, page, ">write timeout</dt>")
}

func TestPages_auditFiltersAndPaging(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for range 60 {
		b.post("/ami-accounts/new", url.Values{"name": {"-"}}, http.StatusUnprocessableEntity)
	}
	page := b.get("/audit?outcome=denied", http.StatusOK)
	require.Contains(t, page, `rel="next"`)
	require.Contains(t, page, "after=")
	require.Contains(t, b.get("/audit?kind=nothing", http.StatusOK), "No entries found.")
	require.Contains(t, b.get("/audit?since=2000-01-01&until=2000-01-02", http.StatusOK), "No entries found.")
	require.NotContains(t, b.get("/audit?since=2000-01-01", http.StatusOK), "No entries found.")
	b.requireFieldError(b.get("/audit?since=yesterday", http.StatusUnprocessableEntity), "field-since")
	b.get("/audit?after=x", http.StatusBadRequest)
}

func TestPages_auditVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	require.Contains(t, b.post("/audit/verify", nil, http.StatusOK), "No tampering found.")
	require.NoError(t, b.server.Site.DB.AMIAccounts().UpdateAccount(t.Context(), "crmpro_ami", func(u *manager.Account) error {
		u.Write = manager.AllPrivileges
		return nil
	}))
	page := b.post("/audit/verify", nil, http.StatusOK)
	require.Contains(t, page, "Integrity check failed")
	require.Contains(t, page, "AMI account crmpro_ami: ")
}
