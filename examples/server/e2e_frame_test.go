package main

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/userman"
)

// frameUser logs in a Full administrator on a server with two users.
func frameUser(t *testing.T) (browserUser, *servertest.Server) {
	t.Helper()
	v, server := startAsRoot(t, nil)
	for _, name := range []string{"ada.first", "ada.second"} {
		_, err := server.Site.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: name}})
		require.NoError(t, err)
	}
	return v, server
}

// waitTrue waits until a condition of the page holds.
func (v browserUser) waitTrue(t *testing.T, condition string) {
	t.Helper()
	require.Eventually(t, func() bool { return chromium.Eval[bool](t, v.Tab, condition) }, 20*time.Second, 50*time.Millisecond, condition)
}

func TestE2E_searchByKeyboard(t *testing.T) {
	t.Parallel()
	v, _ := frameUser(t)
	v.Do(t, chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	v.WaitVisible(t, "#search-input")
	require.Equal(t, "search-input", chromium.Eval[string](t, v.Tab, "document.activeElement.id"))
	v.Do(t, chromedp.KeyEvent("ada."))
	v.waitTrue(t, `document.querySelectorAll("#search-options [role=option]").length === 2`)
	active := `document.getElementById(document.getElementById("search-input").getAttribute("aria-activedescendant")).textContent`
	v.waitTrue(t, active+`.includes("ada.first")`)
	require.Equal(t, "true", chromium.Eval[string](t, v.Tab, `document.getElementById("search-input").getAttribute("aria-expanded")`))
	require.Equal(t, "2 results", v.Text(t, "#search-status"))
	v.Do(t, chromedp.KeyEvent(kb.ArrowDown))
	v.waitTrue(t, active+`.includes("ada.second")`)
	v.Do(t, chromedp.KeyEvent(kb.Enter))
	v.waitTrue(t, `location.pathname === "/users/ada.second" && document.readyState === "complete"`)

	v.Do(t, chromedp.KeyEvent("/"))
	v.WaitVisible(t, "#search-input")
	v.Do(t, chromedp.KeyEvent("nobody"))
	v.waitTrue(t, `document.getElementById("search-status").textContent === "Nothing found"`)
	v.Do(t, chromedp.KeyEvent(kb.Escape))
	v.waitTrue(t, `!document.getElementById("search-dialog").open`)
	require.Empty(t, v.ConsoleErrors(t))
}

func TestE2E_toastStaysAndUndoes(t *testing.T) {
	t.Parallel()
	v, server := frameUser(t)
	v.Visit(t, v.url+"/users/ada.first/delete")
	require.Equal(t, 200, v.Follow(t, `main form button[type="submit"]`))
	require.Contains(t, v.Text(t, "#toast"), "ada.first was deleted.")
	require.Contains(t, v.focused(t), "ada.first was deleted.")
	require.Equal(t, 200, v.Follow(t, "#toast form button"))
	require.Contains(t, v.Text(t, "#toast"), "ada.first was restored.")
	_, err := server.Site.Users.Get(t.Context(), "ada.first")
	require.NoError(t, err)
	v.Click(t, "#toast [data-dismiss]")
	v.waitTrue(t, `document.getElementById("toast") === null && document.activeElement.id === "main"`)
	require.Empty(t, v.ConsoleErrors(t))
}

func TestE2E_menuStaysInView(t *testing.T) {
	t.Parallel()
	v, server := startAsRoot(t, nil)
	v.SetView(t, chromium.View{Width: 1280, Height: 400})
	v.Visit(t, server.URL+"/administrators/new")
	require.Equal(t, []int{200, 0}, chromium.Eval[[]int](t, v.Tab, `(scrollTo({top: 200, behavior: "instant"}), [scrollY, document.getElementById("menu").getBoundingClientRect().top])`))
}

// TestE2E_toastHasFocusAfterFragment adds a member. The address of the answer names a tab,
// to which the browser moves when the page is complete.
func TestE2E_toastHasFocusAfterFragment(t *testing.T) {
	t.Parallel()
	v, server := frameUser(t)
	_, err := server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: "Sales"})
	require.NoError(t, err)
	v.Visit(t, server.URL+"/groups/Sales#members")
	v.Fill(t, "#members [role=combobox]", "ada.first,")
	v.Follow(t, `[name="do"][value="add"]`)
	v.waitTrue(t, `document.activeElement.id === "toast" && document.activeElement.getAttribute("aria-label") === "ada.first added to Sales."`)
	v.waitTrue(t, `document.readyState === "complete"`)
	require.True(t, chromium.Eval[bool](t, v.Tab, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(document.activeElement.id === "toast"))))`))
}
