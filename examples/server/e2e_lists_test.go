package main

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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
	_, err = server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: "Sales"})
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
	v.Click(t, `button[name="do"][value="group"]`) // no group is chosen: the selection stays
	v.waitTrue(t, `document.activeElement.name === "to-group" && document.querySelectorAll("[name=selected]:checked").length === 2`)
	v.Follow(t, `button[name="do"][value="disable"]`)
	v.waitText(t, "2 users disabled.")
	require.Equal(t, "/users?status=enabled", v.Path(t))
	v.waitText(t, "Nothing matches")
	v.Follow(t, "#toast form button")
	v.waitText(t, "2 users enabled.")
	v.waitText(t, "1–2 of 2")
}

// focused is the text of the element with the focus, or its label.
func (v browserUser) focused(t *testing.T) string {
	t.Helper()
	return chromium.Eval[string](t, v.Tab, `(document.activeElement.getAttribute("aria-label") || document.activeElement.innerText).trim()`)
}

// announced waits until screen readers are told a text.
func (v browserUser) announced(t *testing.T, text string) {
	t.Helper()
	require.True(t, chromium.Eval[bool](t, v.Tab, `new Promise(done => {
		const look = () => document.getElementById("announcer").textContent === `+strconv.Quote(text)+` ? done(true) : setTimeout(look, 50)
		look()
	})`))
}

// TestE2E_listKeepsFocus shows where the focus is, and what screen readers are told, after
// each way to another part of a list.
func TestE2E_listKeepsFocus(t *testing.T) {
	t.Parallel()
	v, server := startAsRoot(t, nil)
	for i := range 30 {
		_, err := server.Site.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: fmt.Sprintf("user%02d", i)}})
		require.NoError(t, err)
	}
	v.Visit(t, server.URL+"/users?limit=25")
	v.Follow(t, `a[data-list="sort"][href*="default_extension"]`)
	v.announced(t, "Sorted by extension, ascending")
	require.Contains(t, v.focused(t), "EXTENSION")

	v.Visit(t, server.URL+"/users?limit=25")
	v.Follow(t, `a[rel="next"]`)
	v.announced(t, "26–30 of 30")
	require.Equal(t, "Users", v.focused(t))

	v.Do(t, chromedp.Click(chromedp.CSS(`[name="selected"]`)))
	v.Do(t, chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierAlt)))
	require.Equal(t, "Enable", v.focused(t), "Alt+A leads to the actions")
	v.Follow(t, `button[name="do"][value="disable"]`)
	v.waitText(t, "1 user disabled.")
	require.Equal(t, "1 user disabled. Undo is available.", v.focused(t))
}

// TestE2E_menuGivesFocusBack closes a menu with a key, and by leaving it.
func TestE2E_menuGivesFocusBack(t *testing.T) {
	t.Parallel()
	v, server := startAsRoot(t, nil)
	_, err := server.Site.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: "ada"}})
	require.NoError(t, err)
	v.Visit(t, server.URL+"/users/ada")
	open := func() bool {
		return chromium.Eval[bool](t, v.Tab, `document.querySelector("#record-menu").matches(":popover-open")`)
	}
	v.Click(t, `[popovertarget="record-menu"]`)
	require.True(t, open())
	v.Do(t, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Escape))
	require.False(t, open())
	require.Equal(t, "record-menu", chromium.Eval[string](t, v.Tab, `document.activeElement.getAttribute("popovertarget")`))

	v.Click(t, `[popovertarget="record-menu"]`)
	v.Do(t, chromedp.KeyEvent(kb.Tab))
	chromium.Eval[bool](t, v.Tab, `(document.querySelector("[name=first_name]").focus(), true)`)
	require.False(t, open())

	// What was done is read first, and Undo is next.
	v.Click(t, `[popovertarget="record-menu"]`)
	v.Follow(t, `[form="do-disable"]`)
	v.waitText(t, "Disabled.")
	require.Contains(t, v.focused(t), "Undo is available.")
	v.Do(t, chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "Undo", v.focused(t))
}

// TestE2E_currentTabIsInView opens the last tab of the settings on a phone.
func TestE2E_currentTabIsInView(t *testing.T) {
	t.Parallel()
	v, server := startAsRoot(t, nil)
	v.SetView(t, chromium.View{Width: 360, Height: 740})
	v.Visit(t, server.URL+"/settings")
	v.Follow(t, ".nav-tabs li:last-child a")
	require.True(t, chromium.Eval[bool](t, v.Tab, `(() => {
		const tab = document.querySelector(".nav-tabs [aria-current]").getBoundingClientRect()
		return tab.left >= 0 && tab.right <= innerWidth
	})()`))
}
