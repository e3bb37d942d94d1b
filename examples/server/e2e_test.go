package main

import (
	"bufio"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
)

const (
	rootPassword = "seventeen quiet herons on a wire"
	janePassword = "purple kettle drums at midnight"
)

// mainButton is the submit button of the main form of a page.
const mainButton = "main form .btn-list button.btn-primary, main form > button.btn-primary"

// browserUser is a user of a browser.
type browserUser struct {
	*chromium.Tab
	url string
}

// openTab opens a tab for a visitor of the server.
func openTab(t *testing.T, browser *chromium.Browser, server *servertest.Server, view chromium.View) browserUser {
	t.Helper()
	return browserUser{browser.NewTab(t, view), server.URL}
}

// startAsRoot starts a server, and logs a Full administrator in with a browser.
func startAsRoot(t *testing.T, opts *servertest.Options) (browserUser, *servertest.Server) {
	t.Helper()
	server := servertest.Start(t, opts)
	server.AddAdministrator(t, ampusers.Administrator{Username: "root.admin", Access: ampusers.Full}, rootPassword)
	root := openTab(t, chromium.Start(t), server, chromium.View{})
	root.logIn(t, "root.admin", rootPassword)
	return root, server
}

// logIn logs in with the form.
func (v browserUser) logIn(t *testing.T, username, password string) {
	t.Helper()
	v.Visit(t, v.url+"/login")
	v.Fill(t, `[name="username"]`, username)
	v.Fill(t, `[name="password"]`, password)
	require.Equal(t, 200, v.Follow(t, mainButton))
	require.Equal(t, "/", v.Path(t), v.Text(t, "main"))
}

func (v browserUser) logOut(t *testing.T) {
	t.Helper()
	v.Click(t, `[popovertarget="account-menu"]`)
	v.Follow(t, `form[action="/logout"] button`)
	require.Equal(t, "/login?notice=logged_out", v.Path(t))
}

// menuLabels are the entries of the menu.
func (v browserUser) menuLabels(t *testing.T) []string {
	t.Helper()
	return chromium.Eval[[]string](t, v.Tab, `[...document.querySelectorAll("nav.side li a")].map(a => a.textContent.trim())`)
}

// fieldError is the error text of a field for screen readers.
func (v browserUser) fieldError(t *testing.T, field string) string {
	t.Helper()
	return chromium.Eval[string](t, v.Tab, `(() => {
		const input = document.querySelector("[name=`+field+`][aria-invalid=true]")
		return input.getAttribute("aria-describedby").split(" ").map(id => document.getElementById(id).innerText).join(" ")
	})()`)
}

// waitText waits until the page contains text, ignoring case.
func (v browserUser) waitText(t *testing.T, text string) {
	t.Helper()
	require.True(t, chromium.Eval[bool](t, v.Tab, `new Promise(done => {
		const look = () => (document.body ? document.body.innerText : "").toLowerCase().includes(`+strconv.Quote(strings.ToLower(text))+`) ? done(true) : setTimeout(look, 50)
		look()
	})`))
}

// TestE2E_administratorsAndAMIAccount follows a fresh installation from the first
// link to an integration that logs in.
func TestE2E_administratorsAndAMIAccount(t *testing.T) {
	t.Parallel()
	asterisk := testservers.StartAsterisk(t, nil)
	server := servertest.Start(t, &servertest.Options{Asterisk: asterisk})
	browser := chromium.Start(t)
	root := openTab(t, browser, server, chromium.View{})

	link, err := server.Site.Administrators.Bootstrap(t.Context())
	require.NoError(t, err)
	root.Visit(t, server.URL+"/set-password/"+link.Token.Reveal())
	root.Fill(t, `[name="password"]`, rootPassword)
	root.Follow(t, mainButton)
	require.Equal(t, "/login", root.Path(t))
	root.logIn(t, link.Username, rootPassword)
	require.Equal(t, []string{"Overview", "Users", "Groups", "Administrators", "AMI accounts", "Apply", "Audit log", "Settings"}, root.menuLabels(t))

	connectAsterisk(t, root)
	createJane(t, root)
	root.logOut(t)

	jane := openTab(t, browser, server, chromium.View{})
	jane.logIn(t, "Jane.Admin", janePassword)
	require.Equal(t, []string{"Overview", "AMI accounts"}, jane.menuLabels(t))
	for _, outside := range []string{"/administrators", "/administrators/new", "/administrators/admin", "/audit", "/settings", "/config"} {
		require.Equal(t, 403, jane.Visit(t, server.URL+outside), outside)
	}
	secret := createCRMAccount(t, jane)
	jane.waitText(t, "1 change by you is not live yet. Ask an administrator with access to Apply.")
	require.NotEqual(t, "Success", amiLogin(t, asterisk, "crmpro_ami", secret), "nothing is live before the apply")

	root.logIn(t, link.Username, rootPassword)
	applyFromBanner(t, root)
	require.Equal(t, "Success", amiLogin(t, asterisk, "crmpro_ami", secret))
	require.Contains(t, strings.Join(asterisk.Console(t, "manager show users"), "\n"), "crmpro_ami")

	jane.Visit(t, server.URL+"/ami-accounts/crmpro_ami")
	jane.Click(t, `form[action$="/probe"] button`)
	jane.waitText(t, "The account can log in from 127.0.0.1.")

	requireAMIAccountHint(t, browser, server, secret)
}

func connectAsterisk(t *testing.T, v browserUser) {
	t.Helper()
	v.Visit(t, v.url+"/settings/install")
	require.Contains(t, v.Text(t, "main"), "manager.conf")
	require.Equal(t, 200, v.Follow(t, mainButton), v.Text(t, "main"))
	require.Contains(t, v.Text(t, "main"), "is live")
}

// createJane creates a Limited administrator with access to AMI accounts only.
func createJane(t *testing.T, v browserUser) {
	t.Helper()
	v.Visit(t, v.url+"/administrators/new")
	v.Fill(t, `[name="username"]`, "jane.admin")
	v.Fill(t, `[name="password"]`, "short")
	v.Follow(t, mainButton)
	require.Contains(t, v.fieldError(t, "password"), "12", "the error is beside its field")
	v.Fill(t, `[name="password"]`, janePassword)
	require.Equal(t, "jane.admin", chromium.Eval[string](t, v.Tab, `document.querySelector("[name=username]").value`), "the form keeps the input")
	v.Click(t, `input[name="sections"][value="ami-accounts"]`)
	v.Click(t, `input[name="scope"][value="all"]`)
	v.Follow(t, mainButton)
	v.Visit(t, v.url+"/administrators/jane.admin")
	require.Equal(t, "limited", chromium.Eval[string](t, v.Tab, `document.querySelector("input[name=access]:checked").value`))
}

// createCRMAccount creates the AMI account, and returns its secret, which is shown
// once.
func createCRMAccount(t *testing.T, v browserUser) string {
	t.Helper()
	v.Visit(t, v.url+"/ami-accounts/new")
	v.Fill(t, `[name="name"]`, "crmpro_ami")
	v.waitText(t, "any address that can reach the port may try to log in")
	v.Fill(t, `[name="permit"]`, "10.0.0.0/8\n127.0.0.0/8")
	v.Click(t, `.form-selectgroup-item:has([value="click-to-call"])`)
	v.waitText(t, "all others are denied")
	v.Follow(t, mainButton)
	secret := v.Text(t, "code.secret")
	require.Len(t, secret, 32)
	v.Visit(t, v.url+v.Path(t))
	require.NotContains(t, v.Text(t, "main"), secret, "it is shown this once")
	return secret
}

func applyFromBanner(t *testing.T, v browserUser) {
	t.Helper()
	v.WaitVisible(t, "#apply-banner a")
	v.Follow(t, "#apply-banner a")
	require.Equal(t, "/config", v.Path(t))
	require.Contains(t, v.Text(t, "main"), "crmpro_ami")
	v.Click(t, "main article summary")
	require.Contains(t, v.Text(t, "main article"), "secret = [redacted]")
	v.Follow(t, `form[action="/config/apply"] button`)
	v.waitText(t, "1 added")
	v.Visit(t, v.url+"/config")
	require.Contains(t, v.Text(t, "main"), "Nothing to apply")
}

// requireAMIAccountHint logs in to the pages with an AMI account.
func requireAMIAccountHint(t *testing.T, browser *chromium.Browser, server *servertest.Server, secret string) {
	t.Helper()
	anonymous := openTab(t, browser, server, chromium.View{})
	alerts := map[string]string{}
	for _, password := range []string{secret, "not the secret"} {
		anonymous.Visit(t, server.URL+"/login")
		anonymous.Fill(t, `[name="username"]`, "crmpro_ami")
		anonymous.Fill(t, `[name="password"]`, password)
		anonymous.Follow(t, mainButton)
		alerts[password] = anonymous.Text(t, `[role="alert"]`)
	}
	require.Contains(t, alerts[secret], "AMI account")
	require.NotContains(t, alerts["not the secret"], "AMI account", "a stranger gets no hint")
}

// amiLogin logs in like an integration, and returns the response.
func amiLogin(t *testing.T, asterisk *testservers.Asterisk, name, secret string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", asterisk.AMIAddr, 10*time.Second)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	reader := bufio.NewReader(conn)
	_, err = reader.ReadString('\n')
	require.NoError(t, err)
	_, err = conn.Write([]byte("Action: Login\r\nUsername: " + name + "\r\nSecret: " + secret + "\r\n\r\n"))
	require.NoError(t, err)
	answer, err := textproto.NewReader(reader).ReadMIMEHeader()
	require.NoError(t, err)
	return answer.Get("Response")
}
