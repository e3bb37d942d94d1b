package main

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// focused describes the element with the focus: its name, as a screen reader says it, and
// whether the focus can be seen.
const focused = `(() => {
	const e = document.activeElement, style = getComputedStyle(e.closest(".chips") || e) // chips have the ring of their field
	const label = e.labels && e.labels.length ? e.labels[0] : e
	const name = e.getAttribute("aria-label") || label.innerText || label.textContent
	const seen = e.matches(":focus-visible") && (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none")
	return {name: name.replace(/\s+/g, " ").trim(), path: location.pathname, seen: seen || e === document.body || e.id === "main"}
})()`

// focus is the element that has the focus.
type focus struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Seen bool   `json:"seen"`
}

// mailbox takes mails.
type mailbox chan *usermail.Mail

func (m mailbox) Send(_ context.Context, mail *usermail.Mail) error {
	m <- mail
	return nil
}

// keyboard is a person without a mouse.
type keyboard struct{ browserUser }

// press presses keys, and returns the focus.
func (k keyboard) press(t *testing.T, keys string) focus {
	t.Helper()
	k.Do(t, chromedp.KeyEvent(keys))
	return chromium.Eval[focus](t, k.Tab, focused)
}

// tabTo presses Tab until the element with that name has the focus. The focus is visible at
// each step.
func (k keyboard) tabTo(t *testing.T, name string) {
	t.Helper()
	var names []string
	for range 60 {
		at := k.press(t, kb.Tab)
		require.True(t, at.Seen, "the focus on %q of %s cannot be seen", at.Name, at.Path)
		if at.Name == name {
			return
		}
		names = append(names, at.Name)
	}
	require.Fail(t, "no such element", "%s; Tab leads to %q", name, names)
}

// fill goes to a field and types a text.
func (k keyboard) fill(t *testing.T, label, text string) {
	t.Helper()
	k.tabTo(t, label)
	k.press(t, text)
}

// follow presses Enter on the element with that name, and waits for the page that follows.
func (k keyboard) follow(t *testing.T, name string) {
	t.Helper()
	k.tabTo(t, name)
	k.enter(t)
}

// enter presses Enter, and waits for the page that follows.
func (k keyboard) enter(t *testing.T) {
	t.Helper()
	require.Equal(t, 200, k.Await(t, chromedp.KeyEvent(kb.Enter)))
}

// openMenu opens the menu of a small window, and follows a link of it.
func (k keyboard) openMenu(t *testing.T, link string) {
	t.Helper()
	k.tabTo(t, "Menu")
	k.press(t, kb.Enter)
	k.WaitVisible(t, "#menu")
	k.follow(t, link)
}

// TestE2E_keysSuffice walks the story of a new user with the keyboard alone.
func TestE2E_keysSuffice(t *testing.T) {
	t.Parallel()
	mails := make(mailbox, 1)
	server := servertest.Start(t, &servertest.Options{Users: func(o *userman.Options) { o.Mailer = mails }})
	server.AddAdministrator(t, ampusers.Administrator{Username: "root.admin", Access: ampusers.Full}, rootPassword)
	_, err := server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: "Sales"})
	require.NoError(t, err)
	k := keyboard{openTab(t, chromium.Start(t), server, chromium.View{Width: 700, Height: 900})}

	k.Visit(t, k.url+"/login")
	k.fill(t, "Username", "root.admin")
	k.fill(t, "Password", rootPassword)
	k.enter(t)
	k.openMenu(t, "Users")
	k.follow(t, "Add user")
	k.fill(t, "First name", "Jane")
	k.fill(t, "Last name", "Roe")
	k.fill(t, "Email", "jane@example.com")
	k.fill(t, "Default extension", "4001")
	k.fill(t, "Groups", "sal")
	k.press(t, kb.Enter)
	k.tabTo(t, "Send a welcome email")
	k.follow(t, "Add user")
	require.Equal(t, "jane@example.com", (<-mails).To)
	jane := k.Path(t)
	require.Contains(t, k.Text(t, "main"), "Jane Roe")

	k.openMenu(t, "Users")
	k.fill(t, "Search users", "roe")
	k.waitText(t, "Jane Roe")
	k.follow(t, "Jane Roe")
	require.Equal(t, jane, k.Path(t))
	k.fill(t, "Last name", "Doe")
	k.enter(t)
	require.Contains(t, k.Text(t, "h1"), "Jane Doe")

	k.tabTo(t, "More actions")
	k.press(t, kb.Enter)
	k.follow(t, "Delete")
	k.follow(t, "Delete Jane Doe")
	k.follow(t, "Undo")
	k.waitText(t, "Jane Doe")
	users, err := server.Site.Users.List(t.Context(), userman.Query{})
	require.NoError(t, err)
	require.Len(t, users.Items, 1)
	require.Equal(t, []string{"Sales"}, users.Items[0].Groups)
	require.Equal(t, "jane.roe", users.Items[0].Username)
	require.Equal(t, "4001", users.Items[0].DefaultExtension)
	require.Equal(t, "Jane Doe", users.Items[0].Name())
}
