package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
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

func TestPages_auditIsLimitedToScope(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "inside", DefaultExtension: "4001", Email: "in@example.com"})
	b.createUser(userman.User{Username: "outside", DefaultExtension: "5001", Email: "out@example.com"})
	ranges, err := scope.ParseRanges("4000-4999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "front.desk", Sections: []string{"audit"}, Extensions: ranges}, password)
	desk := b.loginAs("front.desk")
	page := desk.get("/audit", http.StatusOK)
	require.Contains(t, page, "in@example.com")
	require.Contains(t, page, "Administrator front.desk")
	require.NotContains(t, page, "outside")
	require.NotContains(t, page, "out@example.com")
	require.NotContains(t, page, `rel="next"`)
	require.NotContains(t, page, `action="/audit/verify"`)
	require.Contains(t, desk.get("/audit?key=outside", http.StatusOK), "Nothing matches")
	require.Contains(t, desk.post("/audit/verify", nil, http.StatusForbidden), "outside your scope")
	require.Contains(t, b.get("/audit", http.StatusOK), "out@example.com")
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
	require.Contains(t, b.get("/audit?kind=nothing", http.StatusOK), "Nothing matches")
	require.Contains(t, b.get("/audit?since=2000-01-01&until=2000-01-02", http.StatusOK), "Nothing matches")
	require.NotContains(t, b.get("/audit?since=2000-01-01", http.StatusOK), "Nothing matches")
	b.requireFieldError(b.get("/audit?since=yesterday", http.StatusUnprocessableEntity), "field-since")
	b.get("/audit?after=x", http.StatusBadRequest)
}

// The service cannot record a form with a value that cannot be read: the
// transaction is undone.
func TestPages_auditRecordsUnreadableForm(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, name := range []string{"crmpro_ami", "my secret word"} {
		form := crmAccountForm()
		form.Set("name", name)
		form.Set("write_timeout", "soon")
		b.post("/ami-accounts/new", form, http.StatusUnprocessableEntity)
	}
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	form := crmAccountForm()
	form.Set("write_timeout", "soon")
	form.Set("version", b.hiddenValue(b.get("/ami-accounts/crmpro_ami", http.StatusOK), "version"))
	b.post("/ami-accounts/crmpro_ami", form, http.StatusUnprocessableEntity)
	list, err := b.server.Site.AuditLog.List(t.Context(), audit.Query{Kind: "AMI account", Outcome: audit.Denied})
	require.NoError(t, err)
	var entries []string
	for _, e := range list.Items {
		entries = append(entries, e.Action+" "+e.Key)
	}
	require.Equal(t, []string{"update crmpro_ami", "create ", "create crmpro_ami"}, entries)
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

func TestPages_auditSpeaksPlainly(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.post("/ami-accounts/new", url.Values{"name": {"-"}}, http.StatusUnprocessableEntity)
	page := b.get("/audit?action=create&kind=AMI+account&outcome=denied", http.StatusOK)
	require.Contains(t, page, `data-label="Action">Create</td>`)
	require.Contains(t, page, "<summary>Name not the name of an AMI account")
	require.Contains(t, page, "<code>create: invalid: name (ami_name)</code>", "the code is in the details")
	require.Contains(t, page, `<span class="visually-hidden">Remove filter </span>Record type: AMI account`)
	require.Contains(t, page, `<option value="send test mail">Send test email</option>`)
	require.Contains(t, b.get("/audit?kind=of+later", http.StatusOK), `<option value="of later" selected>Of later</option>`, "an unknown value stays")
}

func TestPages_auditNamesChangedSettings(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/settings/general", b.settingsForm("/settings/general", "product", "ACME", "language", "de"))
	page := b.get("/audit?kind=settings", http.StatusOK)
	require.Contains(t, page, `data-label="Action">Changed the settings</td>`)
	require.Contains(t, page, `data-label="Record"><span>Default language, product name</span>`)
	require.Contains(t, page, "<dt>Product name</dt>")
	require.Contains(t, b.get("/", http.StatusOK), `Changed the settings: <strong class="text-break">default language, product name</strong>`)
}
