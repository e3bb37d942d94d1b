package main

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// heldMailer sends mails when the test lets it.
type heldMailer chan struct{}

func (m heldMailer) Send(ctx context.Context, _ *usermail.Mail) error {
	select {
	case <-m:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// openForms opens a tab in which root.admin is logged in.
func openForms(t *testing.T, browser *chromium.Browser, server *servertest.Server) browserUser {
	t.Helper()
	v := openTab(t, browser, server, chromium.View{})
	v.logIn(t, "root.admin", rootPassword)
	return v
}

// value is the value of a field.
func (v browserUser) value(t *testing.T, field string) string {
	t.Helper()
	return chromium.Eval[string](t, v.Tab, `document.querySelector('main [name="`+field+`"]').value`)
}

// choose clicks on an element, also under the bar with the buttons of the form.
func (v browserUser) choose(t *testing.T, element string) {
	t.Helper()
	v.WaitVisible(t, element)
	chromium.Eval[bool](t, v.Tab, `document.querySelector('`+element+`').click(), true`)
}

// TestE2E_formsKeepWhatWasTyped shows that a form is sent once, and that nothing that was
// typed is lost.
func TestE2E_formsKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	mails := make(heldMailer)
	server := servertest.Start(t, &servertest.Options{Users: func(o *userman.Options) { o.Mailer = mails }})
	server.AddAdministrator(t, ampusers.Administrator{Username: "root.admin", Access: ampusers.Full}, rootPassword)
	browser := chromium.Start(t)
	v := openForms(t, browser, server)

	doubleClickShowsSecret(t, v)
	backNeedsNoResubmission(t, v)
	leavingAsks(t, v)
	pictureKeepsEdits(t, v, server)
	longActionShowsProgress(t, v, mails)
	endSessions := func() { require.NoError(t, server.Site.Administrators.EndSessions(t.Context(), "root.admin")) }
	loginInDialogContinues(t, v, endSessions)
	liveCheckStays(t, v, endSessions)
	formReturnsWithoutScript(t, openForms(t, browser, server), endSessions)
	outageLosesNothing(t, openForms(t, browser, server), server)
}

func doubleClickShowsSecret(t *testing.T, v browserUser) {
	t.Helper()
	for name, script := range map[string]bool{"with_script": true, "without_script": false} {
		v.SetView(t, chromium.View{NoScript: !script})
		v.Visit(t, v.url+"/ami-accounts/new")
		if script {
			v.Click(t, preset("click-to-call"))
		}
		v.Fill(t, `[name="name"]`, name)
		v.Do(t, chromedp.DoubleClick(chromedp.CSS(mainButton)))
		v.WaitVisible(t, "code.secret")
		require.Equal(t, "/ami-accounts/"+name+"/secret", v.Path(t))
	}
	v.SetView(t, chromium.View{})
}

func backNeedsNoResubmission(t *testing.T, v browserUser) {
	t.Helper()
	v.Visit(t, v.url+"/groups/new")
	v.Fill(t, `[name="description"]`, "All who sell")
	v.Fill(t, `[name="name"]`, "Sales")
	v.Fill(t, `[name="priority"]`, "many")
	require.Equal(t, 422, v.Follow(t, mainButton))
	v.Do(t, chromedp.Reload())
	require.Equal(t, "All who sell", v.value(t, "description"))
	v.Fill(t, `[name="priority"]`, "7")
	require.Equal(t, 200, v.Follow(t, mainButton))
	require.Equal(t, "/groups/Sales", v.Path(t))
	v.Do(t, chromedp.NavigateBack())
	require.Equal(t, "All who sell", v.value(t, "description"), "the answer to the form, without sending it again")
	v.Do(t, chromedp.NavigateBack())
	require.Equal(t, "/groups/new", v.Path(t))
	v.WaitVisible(t, `[name="description"]`)
	v.Dialogs(t)
}

func leavingAsks(t *testing.T, v browserUser) {
	t.Helper()
	v.Visit(t, v.url+"/users/new")
	require.Equal(t, 200, v.Follow(t, `nav.side a[href="/groups"]`))
	require.Empty(t, v.Dialogs(t), "nothing was typed")
	v.Visit(t, v.url+"/users/new")
	v.Fill(t, `[name="first_name"]`, "Jane")
	v.Stay(true)
	v.Click(t, `nav.side a[href="/groups"]`)
	require.Equal(t, "Jane", v.value(t, "first_name"))
	require.Equal(t, []string{"beforeunload"}, v.Dialogs(t))
	v.Fill(t, `[name="username"]`, "jane.roe")
	v.Fill(t, `[name="email"]`, "jane@example.com")
	v.choose(t, `[name="onboarding"][value="later"]`)
	require.Equal(t, 200, v.Follow(t, mainButton))
	require.Equal(t, "/users/jane.roe", v.Path(t))
	require.Empty(t, v.Dialogs(t), "the form is saved")
	v.Stay(false)
}

func longActionShowsProgress(t *testing.T, v browserUser, mails heldMailer) {
	t.Helper()
	// In one step: chromedp waits for a page that is loading.
	require.Equal(t, "busy true, disabled true", chromium.Eval[string](t, v.Tab, `new Promise(done => {
		const form = document.getElementById("do-welcome"), button = document.querySelector("button.btn[form=do-welcome]")
		const look = () => document.getElementById("waiting") && button.disabled ? done("busy " + form.ariaBusy + ", disabled " + button.disabled) : setTimeout(look, 20)
		button.click()
		look()
	})`))
	mails <- struct{}{}
	v.waitText(t, "Email sent to jane@example.com")
	require.False(t, chromium.Eval[bool](t, v.Tab, `document.querySelector("button[form=do-welcome]").disabled`))
}

func loginInDialogContinues(t *testing.T, v browserUser, endSessions func()) {
	t.Helper()
	v.Visit(t, v.url+"/users/new")
	v.Fill(t, `[name="username"]`, "john.doe")
	v.choose(t, `[name="onboarding"][value="later"]`)
	endSessions()
	v.Click(t, mainButton)
	v.WaitVisible(t, `dialog [name="password"]`)
	v.Fill(t, `dialog [name="username"]`, "root.admin")
	v.Fill(t, `dialog [name="password"]`, "wrong")
	v.Click(t, "dialog button.btn-primary")
	v.WaitVisible(t, `dialog [role="alert"]`)
	v.Fill(t, `dialog [name="password"]`, rootPassword)
	require.Equal(t, 200, v.Follow(t, "dialog button.btn-primary"))
	require.Equal(t, "/users/john.doe", v.Path(t))
}

func liveCheckStays(t *testing.T, v browserUser, endSessions func()) {
	t.Helper()
	v.Visit(t, v.url+"/ami-accounts/new")
	v.Click(t, preset("click-to-call"))
	v.Fill(t, `[name="note"]`, "Ask Robin")
	endSessions()
	v.Fill(t, `[name="name"]`, "crm")
	v.WaitVisible(t, "#session-ended")
	require.Equal(t, "/ami-accounts/new", v.Path(t))
	require.Equal(t, "Ask Robin", v.value(t, "note"))
	v.Click(t, "#session-ended button")
	v.Fill(t, `dialog [name="username"]`, "root.admin")
	v.Fill(t, `dialog [name="password"]`, rootPassword)
	v.Click(t, "dialog button.btn-primary")
	require.True(t, chromium.Eval[bool](t, v.Tab, `new Promise(done => {
		const look = () => document.getElementById("session-ended") ? setTimeout(look, 50) : done(true)
		look()
	})`))
	require.Equal(t, 200, v.Follow(t, mainButton))
	require.Equal(t, "/ami-accounts/crm/secret", v.Path(t))
}

func formReturnsWithoutScript(t *testing.T, v browserUser, endSessions func()) {
	t.Helper()
	v.SetView(t, chromium.View{NoScript: true})
	v.Visit(t, v.url+"/administrators/new")
	v.Fill(t, `[name="username"]`, "jane.admin")
	v.Fill(t, `[name="password"]`, janePassword)
	v.Click(t, `input[name="sections"][value="users"]`)
	endSessions()
	v.Follow(t, mainButton)
	require.Contains(t, v.Text(t, "main"), "the form comes back as you filled it in")
	v.Fill(t, `[name="username"]`, "root.admin")
	v.Fill(t, `[name="password"]`, rootPassword)
	v.Follow(t, mainButton)
	require.Contains(t, v.Text(t, "#draft"), "Type again: Password")
	require.Equal(t, "jane.admin", v.value(t, "username"))
	require.Empty(t, v.value(t, "password"))
	require.True(t, chromium.Eval[bool](t, v.Tab, `document.querySelector('input[name="sections"][value="users"]').checked`))
	v.SetView(t, chromium.View{})
}

func outageLosesNothing(t *testing.T, v browserUser, server *servertest.Server) {
	t.Helper()
	v.Visit(t, v.url+"/groups/new")
	v.Fill(t, `[name="name"]`, "Support")
	server.Stop(t)
	v.Click(t, mainButton)
	v.waitText(t, "Nothing was saved: the server does not answer.")
	require.Equal(t, "Support", v.value(t, "name"))
	require.False(t, chromium.Eval[bool](t, v.Tab, `document.querySelector("main form button.btn-primary").disabled`))
}

func pictureKeepsEdits(t *testing.T, v browserUser, server *servertest.Server) {
	t.Helper()
	require.Equal(t, 200, v.Visit(t, v.url+"/users/jane.roe"))
	v.Fill(t, `[name="first_name"]`, "Janet")
	v.choose(t, "#picture summary")
	chromium.Eval[bool](t, v.Tab, `fetch("/static/icon.svg").then(() => {
		const canvas = document.createElement("canvas")
		canvas.width = canvas.height = 40
		return new Promise(done => canvas.toBlob(done, "image/png"))
	}).then(image => {
		const files = new DataTransfer()
		files.items.add(new File([image], "jane.png", {type: "image/png"}))
		document.querySelector('[name="picture"]').files = files.files
		return true
	})`)
	v.choose(t, `button[form="do-picture"]`)
	v.waitText(t, "Picture saved.")
	v.WaitVisible(t, "img#avatar")
	require.Equal(t, "Janet", v.value(t, "first_name"))
	require.Empty(t, v.Dialogs(t))
	v.choose(t, `button[form="do-picture-remove"]`)
	v.waitText(t, "Picture removed.")
	require.Equal(t, 200, v.Follow(t, mainButton), "the form is not outdated")
	saved, err := server.Site.Users.Get(t.Context(), "jane.roe")
	require.NoError(t, err)
	require.Equal(t, "Janet", saved.FirstName)
	require.Empty(t, saved.Picture)
}
