package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// TestE2E_listFiltersAndSelects shows what scripts add to a list: a filter applies at once
// and stays in the address, and one box selects the page.
func TestE2E_listFiltersAndSelects(t *testing.T) {
	t.Parallel()
	v, server := startAsRoot(t, nil)
	for i := range 3 {
		_, err := server.Site.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: fmt.Sprintf("user%d", i)}, Password: store.Secret{}})
		require.NoError(t, err)
	}
	_, err := server.Site.Users.Disable(t.Context(), "user2")
	require.NoError(t, err)
	v.Visit(t, server.URL+"/users")
	v.Click(t, "#filters summary")
	chromium.Eval[bool](t, v.Tab, `(() => {
		const status = document.getElementById("field-status")
		status.value = "enabled"
		return status.dispatchEvent(new Event("change", {bubbles: true}))
	})()`)
	v.waitText(t, "1–2 of 2")
	v.waitText(t, "Status: Enabled")
	require.Equal(t, "/users?status=enabled", v.Path(t))
	require.Equal(t, "none", chromium.Eval[string](t, v.Tab, `getComputedStyle(document.querySelector(".bulk")).display`), "nothing is selected")

	v.Click(t, "[data-select-all]")
	v.waitText(t, "All 2 on this page selected")
	v.Follow(t, `button[name="do"][value="disable"]`)
	v.waitText(t, "2 users disabled.")
	require.Equal(t, "/users?status=enabled", v.Path(t))
	v.waitText(t, "Nothing matches")
}
