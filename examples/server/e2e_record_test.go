package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// countedUser counts what a user of a browser does. Typing, and the way to the next field
// with the Tab key, count nothing.
type countedUser struct {
	browserUser

	clicks, loads int
}

func (v *countedUser) click(t *testing.T, element string) {
	t.Helper()
	v.clicks++
	v.Click(t, element)
}

func (v *countedUser) follow(t *testing.T, element string) {
	t.Helper()
	v.clicks++
	v.loads++
	require.Equal(t, 200, v.Follow(t, element), element)
}

// TestE2E_firstUserAndAccountTakeFewClicks counts the clicks and page loads from the
// overview to a new user with an extension and a welcome mail, and to an AMI account of
// a CRM that Asterisk serves.
func TestE2E_firstUserAndAccountTakeFewClicks(t *testing.T) {
	t.Parallel()
	asterisk, mailServer := testservers.StartAsterisk(t, nil), smtp.Start(t, nil)
	root, server := startAsRoot(t, &servertest.Options{Asterisk: asterisk, Settings: func(s *app.Settings) {
		s.SMTP.Address, s.SMTP.From, s.SMTP.Security = mailServer.Addr, "ACME Telephony <pbx@example.com>", "none"
	}})
	connectAsterisk(t, root)

	root.Visit(t, server.URL+"/")
	user := &countedUser{browserUser: root}
	user.follow(t, `nav.side a[href="/users"]`)
	user.follow(t, `main a[href="/users/new"]`)
	for name, text := range map[string]string{"first_name": "Jane", "last_name": "Roe", "email": "jane.roe@example.com", "username": "jane.roe", "default_extension": "4001"} {
		user.Fill(t, `[name="`+name+`"]`, text)
	}
	user.follow(t, mainButton)
	require.Equal(t, []string{"jane.roe@example.com"}, mailServer.Receive(t).To)
	created, err := server.Site.Users.Get(t.Context(), "jane.roe")
	require.NoError(t, err)
	require.Equal(t, "4001", created.DefaultExtension)
	require.LessOrEqual(t, user.clicks+user.loads, 9)

	root.Visit(t, server.URL+"/")
	account := &countedUser{browserUser: root}
	account.follow(t, `nav.side a[href="/ami-accounts"]`)
	account.follow(t, `main a[href="/ami-accounts/new"]`)
	account.Fill(t, `[name="name"]`, "crmpro_ami")
	account.click(t, preset("click-to-call"))
	account.Fill(t, `[name="permit"]`, "127.0.0.0/8")
	account.follow(t, mainButton)
	secret := account.Text(t, "code.secret")
	account.follow(t, `main a[href="/config"]`)
	account.follow(t, `form[action="/config/apply"] button`)
	account.waitText(t, "1 added")
	require.Equal(t, "Success", amiLogin(t, asterisk, "crmpro_ami", secret))
	require.LessOrEqual(t, account.clicks, 7)
	t.Logf("first user: %d clicks, %d page loads; AMI account: %d clicks, %d page loads", user.clicks, user.loads, account.clicks, account.loads)
}

// preset is the control of a preset.
func preset(name string) string { return `.form-selectgroup-item:has([value="` + name + `"])` }

// TestE2E_presetKeepsWhatWasTyped fills in presets. A preset once wiped the secret, and
// the account got another one.
func TestE2E_presetKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	root, server := startAsRoot(t, nil)
	root.Visit(t, server.URL+"/ami-accounts/new")
	const secret = "typed-and-kept-secret"
	root.Fill(t, `[name="name"]`, "crmpro_ami")
	root.Fill(t, `[name="secret"]`, secret)
	pages := chromium.Eval[int](t, root.Tab, `history.length`)
	checked := func(name string) []string {
		return chromium.Eval[[]string](t, root.Tab, `[...document.querySelectorAll("[name=`+name+`]:checked")].map(box => box.value)`)
	}
	root.Click(t, preset("apply"))
	require.Equal(t, []string{"security"}, checked("read"))
	root.waitText(t, "can take over the whole PBX")
	require.Equal(t, "5000", root.value(t, "write_timeout"))
	root.Click(t, preset("click-to-call"))
	require.Equal(t, []string{"call", "user"}, checked("read"))
	require.Equal(t, []string{"call", "originate"}, checked("write"))
	chromium.Eval[bool](t, root.Tab, `new Promise(done => { const look = () => document.querySelector("[data-warnings=write]").textContent === "" ? done(true) : setTimeout(look, 50); look() })`)
	require.Equal(t, secret, root.value(t, "secret"))
	require.Equal(t, "crmpro_ami", root.value(t, "name"))
	require.Equal(t, "/ami-accounts/new", root.Path(t))
	require.Equal(t, pages, chromium.Eval[int](t, root.Tab, `history.length`), "nothing was loaded")

	// Other privileges are no preset.
	root.Click(t, "#advanced summary")
	root.Click(t, `[name="write"][value="originate"]`)
	require.Equal(t, []string{""}, checked("preset"))
	root.Click(t, preset("click-to-call"))
	root.Click(t, "[data-add-filter]")
	root.Fill(t, "#field-event_filters-0-event", "Newchannel")
	root.Click(t, "[data-add-filter]")
	root.Click(t, ".filter:last-child [data-remove-filter]")
	root.Follow(t, mainButton)
	require.Equal(t, secret, root.Text(t, "code.secret"))
	authentic, err := server.Site.AMIAccounts.VerifySecret(t.Context(), "crmpro_ami", store.NewSecret(secret))
	require.NoError(t, err)
	require.True(t, authentic)
	u, err := server.Site.AMIAccounts.Get(t.Context(), "crmpro_ami")
	require.NoError(t, err)
	require.Len(t, u.EventFilters, 1)
	require.Equal(t, "call,originate", u.Write.String())
	require.Empty(t, root.ConsoleErrors(t))
}

// keys sends keys to the element with the focus.
func (v browserUser) keys(t *testing.T, keys string) {
	t.Helper()
	v.Do(t, chromedp.KeyEvent(keys))
}

// chips are the values of a field that are shown as chips.
func (v browserUser) chips(t *testing.T, near string) []string {
	t.Helper()
	return chromium.Eval[[]string](t, v.Tab, `[...document.querySelectorAll('`+near+` .tag')].map(tag => tag.textContent.trim())`)
}

// openTabs are the ID of the tab that is open, and the IDs of the parts that are visible.
func (v browserUser) openTabs(t *testing.T) []string {
	t.Helper()
	return chromium.Eval[[]string](t, v.Tab, `[document.querySelector("[role=tab][aria-selected=true]").id,
		...[...document.querySelectorAll("[role=tabpanel]")].filter(part => part.checkVisibility()).map(part => part.id)]`)
}

// TestE2E_tabsAndChipsByKeyboard edits a user with keys alone.
func TestE2E_tabsAndChipsByKeyboard(t *testing.T) {
	t.Parallel()
	root, server := startAsRoot(t, nil)
	seedUsers(t, server)

	// The username follows the name, and a group is picked with the keyboard.
	root.Visit(t, server.URL+"/users/new")
	root.Fill(t, `[name="first_name"]`, "Anna")
	root.Fill(t, `[name="last_name"]`, "O'Neil")
	require.Equal(t, "anna.oneil", root.value(t, "username"))
	require.Equal(t, []string{"Everybody"}, root.chips(t, "#field-groups"))
	root.Click(t, "#field-groups [role=combobox]")
	root.keys(t, "sal")
	root.WaitVisible(t, "#field-groups [role=option].active")
	root.keys(t, kb.Enter)
	require.Equal(t, []string{"Sales", "Everybody"}, root.chips(t, "#field-groups"))
	root.keys(t, kb.Backspace)
	require.Equal(t, []string{"Sales"}, root.chips(t, "#field-groups"))
	// The server suggests extensions; others are typed.
	root.Click(t, "#field-linked_extensions")
	root.keys(t, "jane")
	root.WaitVisible(t, "#field-linked_extensions-options.show [role=option].active")
	root.keys(t, kb.Enter)
	root.keys(t, "4711,")
	require.Equal(t, "4001, 4711", root.value(t, "linked_extensions"))
	root.Click(t, `[name="onboarding"][value="later"]`)
	root.Follow(t, mainButton)
	created, err := server.Site.Users.Get(t.Context(), "anna.oneil")
	require.NoError(t, err)
	require.Equal(t, []string{"Sales"}, created.Groups)
	require.Equal(t, []string{"4001", "4711"}, created.LinkedExtensions)

	// Arrow keys move among the tabs, and the address opens one.
	require.Equal(t, []string{"profile-tab", "profile"}, root.openTabs(t))
	root.Click(t, "#profile-tab")
	root.keys(t, kb.ArrowRight)
	require.Equal(t, []string{"sign-in-tab", "sign-in"}, root.openTabs(t))
	root.keys(t, kb.End)
	require.Equal(t, []string{"activity-tab", "activity"}, root.openTabs(t))
	root.Visit(t, server.URL+"/users")
	root.Visit(t, server.URL+"/users/anna.oneil#permissions")
	require.Equal(t, []string{"permissions-tab", "permissions"}, root.openTabs(t))

	// A link to a permission shows its row, which the table hides, and goes there.
	root.Click(t, "#tokens-tab")
	root.Click(t, `#tokens a[href="#field-permissions-rest-use"]`)
	root.waitTrue(t, `document.activeElement.name === "permissions.rest.use" && document.querySelector("#show-unset").checked`)
	require.Equal(t, []string{"permissions-tab", "permissions"}, root.openTabs(t))
	root.Click(t, "#show-unset")

	// An error opens its tab; what was typed in the others stays. Saving keeps the tab.
	root.Click(t, "#profile-tab")
	root.Fill(t, `[name="email"]`, "nowhere")
	root.Click(t, "#permissions-tab")
	root.Click(t, "#show-unset")
	chromium.Eval[bool](t, root.Tab, `document.querySelector("[name='permissions.xmpp.login']").value = "on", true`)
	require.Equal(t, 422, root.Follow(t, mainButton))
	require.Equal(t, []string{"profile-tab", "profile"}, root.openTabs(t))
	require.Contains(t, root.Text(t, "#profile-tab"), "1")
	root.Fill(t, `[name="email"]`, "anna@example.org")
	root.Click(t, "#permissions-tab")
	require.Equal(t, 200, root.Follow(t, mainButton))
	require.Equal(t, []string{"permissions-tab", "permissions"}, root.openTabs(t))
	created, err = server.Site.Users.Get(t.Context(), "anna.oneil")
	require.NoError(t, err)
	require.Equal(t, "anna@example.org", created.Email)
	require.True(t, created.Permissions[permission.XMPPLogin].IsOn())

	// A field that the browser rejects is shown, too.
	root.Click(t, "#profile-tab")
	chromium.Eval[bool](t, root.Tab, `document.querySelector("main [name=username]").value = "", true`)
	root.Click(t, "#sign-in-tab")
	root.Click(t, mainButton)
	require.Equal(t, []string{"profile-tab", "profile"}, root.openTabs(t))
	require.Empty(t, root.ConsoleErrors(t))
}

// TestE2E_recordPageShowsWhatItOpens opens the list of the groups, the menu and a tab by
// its address: nothing is cut off, and the name and the actions stay in the window.
func TestE2E_recordPageShowsWhatItOpens(t *testing.T) {
	t.Parallel()
	root, server := startAsRoot(t, nil)
	seedUsers(t, server)
	for _, view := range []chromium.View{{}, {Width: 360, Height: 740}} {
		root.SetView(t, view)
		root.Visit(t, server.URL+"/users/new")
		require.Equal(t, []int{40, 40}, chromium.Eval[[]int](t, root.Tab, `["#field-linked_extensions", "#field-groups input[role]"].map(e => document.querySelector(e).parentElement.offsetHeight)`))
		root.Click(t, "#field-groups [role=combobox]")
		root.WaitVisible(t, "#field-groups [role=option]")
		require.Equal(t, "none 2px", chromium.Eval[string](t, root.Tab, `getComputedStyle(document.activeElement).outlineStyle + " " + getComputedStyle(document.activeElement.parentElement).outlineWidth`))
		require.True(t, chromium.Eval[bool](t, root.Tab, `[...document.querySelectorAll("#field-groups [role=option]")].every(option => {
			option.scrollIntoView({block: "nearest"});
			const {left, top, width, height} = option.getBoundingClientRect();
			return option.contains(document.elementFromPoint(left + width / 2, top + height / 2));
		})`), "every option can be clicked")
		require.Equal(t, []int{0, 0}, chromium.Eval[[]int](t, root.Tab, `(() => { const set = document.querySelector("#field-groups"); return [set.scrollHeight - set.clientHeight > 0 && getComputedStyle(set).overflowY !== "visible" ? 1 : 0, set.querySelector(".chips").getBoundingClientRect().left - document.querySelector("[name=first_name]").getBoundingClientRect().left] })()`))

		root.Visit(t, server.URL+"/users")
		root.Visit(t, server.URL+"/users/jane.roe#permissions")
		require.Equal(t, []string{"permissions-tab", "permissions"}, root.openTabs(t))
		require.Zero(t, chromium.Eval[int](t, root.Tab, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(Math.round(scrollY)))))`))
		root.Click(t, `[popovertarget="record-menu"]`)
		require.Equal(t, "1px", chromium.Eval[string](t, root.Tab, `getComputedStyle(document.querySelector("#record-menu")).borderTopWidth`))
		root.keys(t, kb.Escape)

		// Nothing can be saved on these tabs.
		root.WaitVisible(t, "form.card > .card-footer")
		for _, tab := range []string{"#tokens-tab", "#activity-tab"} {
			root.Click(t, tab)
			require.False(t, chromium.Eval[bool](t, root.Tab, `document.querySelector("form.card > .card-footer").checkVisibility()`), tab)
		}
	}
}

// TestE2E_usernameFollowsName types names, and compares the usernames with those that the
// service suggests.
func TestE2E_usernameFollowsName(t *testing.T) {
	t.Parallel()
	root, server := startAsRoot(t, nil)
	root.Visit(t, server.URL+"/users/new")
	text, err := os.ReadFile("../../userman/testdata/suggestions.json")
	require.NoError(t, err)
	var users []map[string]string
	require.NoError(t, json.Unmarshal(text, &users))
	require.NotEmpty(t, users)
	for _, u := range users {
		for _, name := range []string{"first_name", "last_name", "email"} {
			root.Fill(t, `[name="`+name+`"]`, u[name])
		}
		require.Equal(t, u["username"], root.value(t, "username"))
	}
	require.Empty(t, root.ConsoleErrors(t))
}

// TestE2E_accountWithoutPreset selects privileges one by one. Every other one once unchecked the
// choice of no preset, which is required, so that the button did nothing.
func TestE2E_accountWithoutPreset(t *testing.T) {
	t.Parallel()
	root, server := startAsRoot(t, nil)
	root.Visit(t, server.URL+"/ami-accounts/new")
	root.Fill(t, `[name="name"]`, "monitor")
	root.Click(t, preset(""))
	root.Click(t, `input[name="read"][value="dtmf"]`)
	require.True(t, chromium.Eval[bool](t, root.Tab, `document.querySelector('[name=preset][value=""]').checked`))
	require.Equal(t, 200, root.Follow(t, mainButton))
	account, err := server.Site.AMIAccounts.Get(t.Context(), "monitor")
	require.NoError(t, err)
	require.Equal(t, manager.DTMF, account.Read)
}
