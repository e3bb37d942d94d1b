package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// TestE2E_userPagesAreAccessible is [TestE2E_pagesAreAccessible] for the pages of
// users, groups and directories, and for the pages of users without a session.
func TestE2E_userPagesAreAccessible(t *testing.T) {
	t.Parallel()
	server, mailServer, clock := startWithMail(t, fakeDirectory{})
	seedUsers(t, server)
	w := pageWalk{openTab(t, chromium.Start(t), server, chromium.View{})}
	w.linkPages(t, server, clock)
	w.logIn(t, "root.admin", rootPassword)
	w.userPages(t, server)
	w.groupPages(t)
	w.directoryPages(t)
	w.mailPages(t, mailServer)
	w.requireNoExternalRequests(t)
}

// fakeDirectory is a directory with two users, of whom one is invalid.
type fakeDirectory struct{}

func (fakeDirectory) Name() string { return "head-office" }

func (fakeDirectory) Capabilities() userman.Capabilities { return userman.Capabilities{Sync: true} }

func (fakeDirectory) Authenticate(context.Context, string, store.Secret) (bool, error) {
	return false, nil
}

func (fakeDirectory) Test(context.Context) (int, error) { return 2, nil }

func (fakeDirectory) Each(_ context.Context, visit func(userman.DirectoryEntry) error) error {
	return errors.Join(
		visit(userman.DirectoryEntry{ExternalID: "1", User: &userman.User{Username: "ada"}, ManagedFields: []string{"username"}}),
		visit(userman.DirectoryEntry{ExternalID: "2", Problem: "it has no username"}),
	)
}

// seedUsers creates users for the pages.
func seedUsers(t *testing.T, server *servertest.Server) {
	t.Helper()
	users := server.Site.Users
	for _, g := range []userman.Group{
		{Name: "Everybody", Description: "All who work here", Default: true},
		{Name: "Sales", Priority: 10, Description: "Everybody who sells", Permissions: permission.Permissions{
			permission.XMPPLogin: permission.On(), permission.HistoryRecordings: permission.On(), permission.HistoryExtensions: permission.Append("4002", "4003"),
		}},
		{Name: "Interns", Priority: 20, Permissions: permission.Permissions{permission.PortalClickToDial: permission.Off(), permission.ContactsGroups: permission.Set("Company")}},
		{Name: "Operators of the head office", Permissions: permission.Permissions{permission.ISymphonyLogin: permission.On(), permission.HistoryExtensions: permission.Set(permission.Any)}},
	} {
		_, err := users.Groups().Create(t.Context(), &g)
		require.NoError(t, err)
	}
	for _, u := range []userman.User{
		{
			Username: "jane.roe", FirstName: "Jane", LastName: "Roe", Title: "Head of Sales", Company: "Acme", Email: "jane.roe@example.com",
			DefaultExtension: "4001", LinkedExtensions: []string{"4100", "4101"}, Groups: []string{"Sales"}, WorkPhone: "+49 30 1234-4001",
			Permissions: permission.Permissions{permission.XMPPLogin: permission.Off(), permission.SMSNumbers: permission.Set("+49301234001")},
		},
		{Username: "王小明", DisplayName: "王小明", DefaultExtension: "4002", Disabled: true},
		{Username: "alice", Email: "alice@example.org", DefaultExtension: "1001", Groups: []string{"Sales"}},
		{Username: "new.hire", Email: "new.hire@example.org"},
		{Username: "nobody.knows.where"},
		{Username: "gone.away", FirstName: "Gone", LastName: "Away", DefaultExtension: "4003"},
	} {
		_, err := users.Create(t.Context(), userman.NewUser{User: &u})
		require.NoError(t, err)
	}
	require.NoError(t, users.Delete(t.Context(), "gone.away"))
	_, err := users.SetPicture(t.Context(), "jane.roe", testPicture(t), nil)
	require.NoError(t, err)
	_, _, err = server.Site.Tokens.Create(t.Context(), "jane.roe", &apitoken.Token{Description: "Wallboard", Modules: []string{"history"}})
	require.NoError(t, err)
}

// testPicture is the picture of a user.
func testPicture(t *testing.T) *bytes.Buffer {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		picture.Set(i%64, i/64, color.RGBA{R: 40, G: uint8(i / 64), B: 120, A: 255})
	}
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, picture))
	return &file
}

// userPages opens the pages of users in all states.
func (w pageWalk) userPages(t *testing.T, server *servertest.Server) {
	t.Helper()
	tokens, err := server.Site.Tokens.List(t.Context(), "jane.roe", store.PageRequest{})
	require.NoError(t, err)
	token := "/users/jane.roe/tokens/" + tokens.Items[0].ID
	deletedUsers, err := server.Site.Users.List(t.Context(), userman.Query{Status: userman.StatusDeleted})
	require.NoError(t, err)
	deleted := "/deleted-users/" + deletedUsers.Items[0].ID
	for path, name := range map[string]string{
		"/users": "users", "/users?search=nobody": "users-none", "/users?sort=-last_name&group=Sales": "users-filtered",
		"/users/jane.roe": "user", "/users/王小明": "user-disabled", "/users/jane.roe/delete": "user-delete", "/users/jane.roe/renumber": "user-renumber",
		"/users/jane.roe/password":     "user-password",
		"/users/jane.roe/mail/welcome": "user-mail", "/users/jane.roe/mail/reset": "user-mail-reset",
		"/users/jane.roe/tokens": "tokens", "/users/王小明/tokens": "tokens-none", "/users/jane.roe/tokens/new": "token-new",
		string(token): "token", string(token + "/rotate"): "token-rotate", string(token + "/delete"): "token-delete",
		"/users?status=deleted": "deleted-users", "/users?status=deleted&search=nobody": "deleted-users-none",
		string(deleted + "/restore"): "deleted-user", string(deleted + "/purge"): "deleted-user-purge",
	} {
		w.openAndCheck(t, http.StatusOK, path, name)
	}
	w.Visit(t, w.url+"/users/jane.roe")
	w.tabs(t, "user", "sign-in", "permissions", "tokens", "activity")
	w.userErrorPages(t)
	w.oneTimeSecretPages(t, string(token))
}

// tabs checks the tabs of a page.
func (w pageWalk) tabs(t *testing.T, page string, names ...string) {
	t.Helper()
	for _, name := range names {
		w.Click(t, "#"+name+"-tab")
		w.check(t, page+"-"+name)
	}
}

// chooseList chooses "Only these" for a permission: the field of its values appears then.
func (w pageWalk) chooseList(t *testing.T, permission string) {
	t.Helper()
	chromium.Eval[bool](t, w.Tab, `document.querySelector('select[name="permissions.`+permission+`"]').value = "replace", true`)
}

// userErrorPages sends invalid forms.
func (w pageWalk) userErrorPages(t *testing.T) {
	t.Helper()
	w.openAndCheck(t, http.StatusOK, "/users/new", "user-new")
	w.Fill(t, "#field-linked_extensions", "4100, x")
	w.submit(t, map[string]string{"username": "!", "email": "nowhere", "default_extension": "x"})
	w.check(t, "user-new-rejected")
	w.Visit(t, w.url+"/users/jane.roe#permissions")
	w.chooseList(t, "sms.numbers")
	w.chooseList(t, "history.extensions")
	w.submit(t, map[string]string{"permissions.sms.numbers.items": "nowhere", "permissions.history.extensions.items": "4001"})
	w.check(t, "user-permissions-rejected")
	w.Visit(t, w.url+"/users/jane.roe/tokens/new")
	w.submit(t, map[string]string{"requests_per_hour": "many", "addresses": "nowhere"})
	w.check(t, "token-new-rejected")
	w.Visit(t, w.url+"/users/王小明")
	w.Click(t, `[popovertarget="record-menu"]`)
	w.Follow(t, `.dropdown-item[form="do-softphone"]`)
	w.check(t, "user-softphone-rejected")
}

// oneTimeSecretPages shows secrets that are shown once.
func (w pageWalk) oneTimeSecretPages(t *testing.T, token string) {
	t.Helper()
	w.Visit(t, w.url+"/users/jane.roe")
	w.Click(t, `[popovertarget="record-menu"]`)
	w.Follow(t, `.dropdown-item[form="do-link"]`)
	w.check(t, "user-link")
	w.openAndCheck(t, http.StatusOK, "/users/jane.roe/link", "user-link-shown")
	w.Visit(t, w.url+"/users/jane.roe/password")
	w.Follow(t, mainButton)
	w.check(t, "user-password-generated")
	w.Visit(t, w.url+token+"/rotate")
	w.Follow(t, mainButton)
	w.check(t, "token-key")
}

// linkPages are the pages of users without a session.
func (w pageWalk) linkPages(t *testing.T, server *servertest.Server, clock *testClock) {
	t.Helper()
	link, err := server.Site.Users.Invite(t.Context(), "alice")
	require.NoError(t, err)
	w.openAndCheck(t, http.StatusOK, userman.SetPasswordPath+link.Token.Reveal(), "own-password")
	w.submitPassword(t, "short")
	w.check(t, "own-password-rejected")
	w.submitPassword(t, alicePassword)
	w.check(t, "own-password-done")
	w.openAndCheck(t, http.StatusNotFound, userman.SetPasswordPath+link.Token.Reveal(), "own-link-used")
	w.openAndCheck(t, http.StatusOK, "/forgot-password", "forgotten")
	w.openAndCheck(t, http.StatusOK, "/forgot-password/sent", "forgotten-sent")
	phone, err := server.Site.Users.Softphones().Invite(t.Context(), "alice")
	require.NoError(t, err)
	w.openAndCheck(t, http.StatusOK, userman.ActivationPath+phone.Token.Reveal(), "softphone")
	w.openAndCheck(t, http.StatusNotFound, userman.ActivationPath+"gone", "softphone-dead")
	link, err = server.Site.Users.Invite(t.Context(), "alice")
	require.NoError(t, err)
	clock.advance(8 * 24 * time.Hour)
	w.openAndCheck(t, http.StatusNotFound, userman.SetPasswordPath+link.Token.Reveal(), "own-link-expired")
}

// groupPages are the pages of groups.
func (w pageWalk) groupPages(t *testing.T) {
	t.Helper()
	w.openAndCheck(t, http.StatusOK, "/groups", "groups")
	w.openAndCheck(t, http.StatusOK, "/groups/Sales", "group")
	w.tabs(t, "group", "permissions", "members")
	w.Visit(t, w.url+"/groups/new")
	w.chooseList(t, "voicemail.extensions")
	w.submit(t, map[string]string{"name": "x", "priority": "soon", "permissions.voicemail.extensions.items": "1001"})
	w.check(t, "group-new-rejected")
	w.openAndCheck(t, http.StatusOK, "/groups/Sales/delete", "group-delete")
	w.openAndCheck(t, http.StatusOK, "/permissions", "permissions")
	w.openAndCheck(t, http.StatusUnprocessableEntity, "/permissions?username=nobody", "permissions-nobody")
}

// directoryPages are the pages of a directory, before and after a sync.
func (w pageWalk) directoryPages(t *testing.T) {
	t.Helper()
	w.openAndCheck(t, http.StatusOK, "/directories/head-office", "directory")
	w.Follow(t, `button[value="plan"]`)
	w.waitText(t, "Planned changes")
	w.check(t, "directory-plan")
}

// mailPages send mails.
func (w pageWalk) mailPages(t *testing.T, mailServer *smtp.Server) {
	t.Helper()
	w.openAndCheck(t, http.StatusOK, "/users/welcome", "welcome-all")
	w.Follow(t, mainButton)
	require.NotEmpty(t, mailServer.Receive(t).To)
	w.waitText(t, "without an email address")
	w.check(t, "welcome-all-sent")
	w.openAndCheck(t, http.StatusOK, "/settings/mail", "settings-mail")
	w.Fill(t, `[name="to"]`, "root@example.org")
	w.Click(t, `[formaction="/settings/mail/test"]`)
	w.waitText(t, "the mail server has taken the mail")
	w.check(t, "settings-mail-sent")
}
