package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
)

// TestE2E_accountLogsOutOtherBrowser shows the sessions of two browsers, and logs one of
// them out in the other.
func TestE2E_accountLogsOutOtherBrowser(t *testing.T) {
	t.Parallel()
	root, server := startAsRoot(t, nil)
	other := openTab(t, chromium.Start(t), server, chromium.View{})
	other.logIn(t, "root.admin", rootPassword)

	w := pageWalk{root}
	w.openAndCheck(t, 200, "/account", "account-sessions")
	const rows = `[...document.querySelectorAll("section[aria-labelledby=sessions-title] tbody tr")].map(row => row.querySelector("th").innerText + ": " + row.querySelector("td:last-child").innerText.split("\n")[0].trim())`
	listed := chromium.Eval[[]string](t, root.Tab, rows)
	require.Len(t, listed, 2)
	require.Equal(t, "Chrome on Linux: This device", listed[0])
	require.Contains(t, listed[1], "Chrome on Linux: Log out")

	require.Equal(t, 200, root.Follow(t, `form[action="/account/sessions/end"] button`))
	root.waitText(t, "Device logged out.")
	require.Equal(t, []string{"Chrome on Linux: This device"}, chromium.Eval[[]string](t, root.Tab, rows))
	other.Visit(t, other.url+"/users")
	require.Equal(t, "/login?next=%2Fusers&notice=ended", other.Path(t))

	other.logIn(t, "root.admin", rootPassword)
	root.Visit(t, root.url+"/account")
	require.Equal(t, 200, root.Follow(t, `form[action="/account/sessions/end-others"] button`))
	root.waitText(t, "All other devices are logged out.")
	other.Visit(t, other.url+"/account")
	require.Equal(t, "/login?next=%2Faccount&notice=ended", other.Path(t))
}
