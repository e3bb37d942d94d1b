package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
)

func TestPages_accountListShowsWhatMatters(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := crmAccountForm()
	b.postRedirect("/ami-accounts/new", form)
	page := b.get("/ami-accounts", http.StatusOK)
	require.Contains(t, page, ">not live<", "it is not applied yet")
	require.NotContains(t, page, "root-equivalent")

	b.postRedirect("/config/apply", nil)
	b.waitForRun()
	form.Set("name", "console")
	form["write"] = []string{"command", "call"}
	b.postRedirect("/ami-accounts/new", form)
	b.postRedirect("/ami-accounts/console/disable", nil)
	page = b.get("/ami-accounts", http.StatusOK)
	require.NotContains(t, page, ">not live<", "the other one is applied, and this one is not to be")
	require.Contains(t, page, ">disabled<")
	require.Contains(t, page, `root-equivalent<span class="visually-hidden"> by command in write</span>`)
}

func TestPages_administratorListShowsMissingSecondFactor(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/administrators", http.StatusOK), ">no second factor<")
	b.postRedirect("/administrators/new", url.Values{"username": {"limited"}, "access": {string(ampusers.Limited)}, "sections": {ampusers.SectionApply}})
	require.Contains(t, b.get("/administrators?search=limited", http.StatusOK), ">no password<")
}
