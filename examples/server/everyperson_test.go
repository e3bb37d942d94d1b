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
	"github.com/pbxusers/pbxusers/internal/peers/chromium"
	"github.com/pbxusers/pbxusers/internal/peers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// TestEveryPageOfPeopleIsForEverybody does for the pages of people, groups and
// directories, and those that people see without a session, what
// [TestEveryPageIsForEverybody] does for the others.
func TestEveryPageOfPeopleIsForEverybody(t *testing.T) {
	t.Parallel()
	server, post, days := mailing(t, headOffice{})
	furnishPeople(t, server)
	w := walk{at(t, chromium.Start(t), server, chromium.View{})}
	w.linkPages(t, server, days)
	w.logIn(t, "root.admin", rootPassword)
	w.people(t, server)
	w.groupPages(t)
	w.directoryPages(t)
	w.mailPages(t, post)
	w.requireNothingFromElsewhere(t)
}

// headOffice is a directory of two people, of whom one cannot be used.
type headOffice struct{}

func (headOffice) Name() string { return "head-office" }

func (headOffice) Abilities() userman.Abilities { return userman.Abilities{Sync: true} }

func (headOffice) Authenticate(context.Context, string, store.Secret) (bool, error) {
	return false, nil
}

func (headOffice) Test(context.Context) (int, error) { return 2, nil }

func (headOffice) Each(_ context.Context, visit func(userman.Entry) error) error {
	return errors.Join(
		visit(userman.Entry{ExternalID: "1", User: &userman.User{Username: "ada"}, Owned: []string{"username"}}),
		visit(userman.Entry{ExternalID: "2", Problem: "it has no username"}),
	)
}

// furnishPeople makes people for pages to show.
func furnishPeople(t *testing.T, server *servertest.Server) {
	t.Helper()
	people := server.Site.People
	for _, g := range []userman.Group{
		{Name: "Everybody", Description: "All who work here", Default: true},
		{Name: "Sales", Priority: 10, Description: "Everybody who sells", Permissions: userman.Permissions{
			userman.XMPPLogin: userman.On(), userman.HistoryRecordings: userman.On(), userman.HistoryExtensions: userman.Extend("4002", "4003"),
		}},
		{Name: "Interns", Priority: 20, Permissions: userman.Permissions{userman.PortalClickToDial: userman.Off(), userman.ContactsGroups: userman.Replace("Company")}},
		{Name: "Operators of the head office", Permissions: userman.Permissions{userman.ISymphonyLogin: userman.On(), userman.HistoryExtensions: userman.Replace(userman.All)}},
	} {
		_, err := people.CreateGroup(t.Context(), &g)
		require.NoError(t, err)
	}
	for _, u := range []userman.User{
		{
			Username: "jane.roe", FirstName: "Jane", LastName: "Roe", Title: "Head of Sales", Company: "Acme", Email: "jane.roe@example.com",
			DefaultExtension: "4001", LinkedExtensions: []string{"4100", "4101"}, Groups: []string{"Sales"}, WorkPhone: "+49 30 1234-4001",
			Permissions: userman.Permissions{userman.XMPPLogin: userman.Off(), userman.SMSNumbers: userman.Replace("+49301234001")},
		},
		{Username: "王小明", DisplayName: "王小明", DefaultExtension: "4002", Disabled: true},
		{Username: "alice", Email: "alice@example.org", DefaultExtension: "1001", Groups: []string{"Sales"}},
		{Username: "new.hire", Email: "new.hire@example.org"},
		{Username: "nobody.knows.where"},
		{Username: "gone.away", FirstName: "Gone", LastName: "Away", DefaultExtension: "4003"},
	} {
		_, err := people.Create(t.Context(), userman.NewUser{User: &u})
		require.NoError(t, err)
	}
	require.NoError(t, people.Delete(t.Context(), "gone.away"))
	_, err := people.SetPicture(t.Context(), "jane.roe", portrait(t))
	require.NoError(t, err)
	_, _, err = people.CreateToken(t.Context(), "jane.roe", &userman.Token{Description: "Wallboard", Modules: []string{"history"}})
	require.NoError(t, err)
}

// portrait is a picture of somebody.
func portrait(t *testing.T) *bytes.Buffer {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		picture.Set(i%64, i/64, color.RGBA{R: 40, G: uint8(i / 64), B: 120, A: 255})
	}
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, picture))
	return &file
}

// people opens the pages of people, in the states that they have.
func (w walk) people(t *testing.T, server *servertest.Server) {
	t.Helper()
	tokens, err := server.Site.People.Tokens(t.Context(), "jane.roe", store.Page{})
	require.NoError(t, err)
	token := "/people/jane.roe/tokens/" + tokens.Items[0].ID
	gone, err := server.Site.People.List(t.Context(), userman.Query{Status: userman.Deleted})
	require.NoError(t, err)
	deleted := "/deleted-people/" + gone.Items[0].ID
	for path, name := range map[string]string{
		"/people": "people", "/people?search=nobody": "people-none", "/people?sort=-last_name&group=Sales": "people-filtered",
		"/people/jane.roe": "person", "/people/王小明": "person-disabled", "/people/jane.roe/delete": "person-delete",
		"/people/jane.roe/permissions": "person-permissions", "/people/jane.roe/password": "person-password",
		"/people/jane.roe/mail/welcome": "person-mail", "/people/jane.roe/mail/reset": "person-mail-reset",
		"/people/jane.roe/tokens": "tokens", "/people/王小明/tokens": "tokens-none", "/people/jane.roe/tokens/new": "token-new",
		token: "token", token + "/rotate": "token-rotate", token + "/delete": "token-delete",
		"/deleted-people": "deleted-people", "/deleted-people?search=nobody": "deleted-people-none",
		deleted + "/restore": "deleted-person", deleted + "/purge": "deleted-person-purge",
	} {
		w.visit(t, http.StatusOK, path, name)
	}
	w.refusedPeople(t)
	w.shownOncePeople(t, token)
}

// refusedPeople sends what is not taken.
func (w walk) refusedPeople(t *testing.T) {
	t.Helper()
	w.visit(t, http.StatusOK, "/people/new", "person-new")
	w.submit(t, map[string]string{"username": "!", "email": "nowhere", "default_extension": "x", "linked_extensions": "4100, x", "time_zone": "Mars"})
	w.check(t, "person-new-refused")
	w.Visit(t, w.url+"/people/jane.roe/permissions")
	w.submit(t, map[string]string{"permissions.sms.numbers.items": "nowhere", "permissions.history.extensions.items": "4001"})
	w.check(t, "person-permissions-refused")
	w.Visit(t, w.url+"/people/jane.roe/tokens/new")
	w.submit(t, map[string]string{"requests_per_hour": "many", "addresses": "nowhere"})
	w.check(t, "token-new-refused")
	w.Visit(t, w.url+"/people/王小明")
	w.Follow(t, `form[action$="/softphone"] button`)
	w.check(t, "person-softphone-refused")
}

// shownOncePeople shows what is shown once.
func (w walk) shownOncePeople(t *testing.T, token string) {
	t.Helper()
	w.Visit(t, w.url+"/people/jane.roe")
	w.Follow(t, `form[action$="/link"] button`)
	w.check(t, "person-link")
	w.visit(t, http.StatusOK, "/people/jane.roe/link", "person-link-shown")
	w.Visit(t, w.url+"/people/jane.roe/password")
	w.Follow(t, mainButton)
	w.check(t, "person-password-generated")
	w.Visit(t, w.url+token+"/rotate")
	w.Follow(t, mainButton)
	w.check(t, "token-key")
}

// linkPages are those of people without a session.
func (w walk) linkPages(t *testing.T, server *servertest.Server, days *calendar) {
	t.Helper()
	link, err := server.Site.People.Invite(t.Context(), "alice")
	require.NoError(t, err)
	w.visit(t, http.StatusOK, userman.SetPasswordPath+link.Token.Reveal(), "own-password")
	w.chooses(t, "short")
	w.check(t, "own-password-refused")
	w.chooses(t, alicePassword)
	w.check(t, "own-password-done")
	w.visit(t, http.StatusNotFound, userman.SetPasswordPath+link.Token.Reveal(), "own-link-used")
	w.visit(t, http.StatusOK, "/person/forgot", "forgotten")
	w.visit(t, http.StatusOK, "/person/sent", "forgotten-sent")
	phone, err := server.Site.People.InviteSoftphone(t.Context(), "alice")
	require.NoError(t, err)
	w.visit(t, http.StatusOK, userman.ActivationPath+phone.Token.Reveal(), "softphone")
	w.visit(t, http.StatusNotFound, userman.ActivationPath+"gone", "softphone-dead")
	link, err = server.Site.People.Invite(t.Context(), "alice")
	require.NoError(t, err)
	days.add(8 * 24 * time.Hour)
	w.visit(t, http.StatusNotFound, userman.SetPasswordPath+link.Token.Reveal(), "own-link-expired")
}

// groupPages are those of an administrator.
func (w walk) groupPages(t *testing.T) {
	t.Helper()
	w.visit(t, http.StatusOK, "/groups", "groups")
	w.visit(t, http.StatusOK, "/groups/Sales", "group")
	w.Visit(t, w.url+"/groups/new")
	w.submit(t, map[string]string{"name": "x", "priority": "soon", "permissions.voicemail.extensions.items": "1001"})
	w.check(t, "group-new-refused")
	w.visit(t, http.StatusOK, "/groups/Sales/delete", "group-delete")
	w.visit(t, http.StatusOK, "/permissions", "permissions")
	w.visit(t, http.StatusUnprocessableEntity, "/permissions?username=nobody", "permissions-nobody")
}

// directoryPages are those of a directory, before a sync and after.
func (w walk) directoryPages(t *testing.T) {
	t.Helper()
	w.visit(t, http.StatusOK, "/directories/head-office", "directory")
	w.Follow(t, `button[value="plan"]`)
	w.waitText(t, "What would change")
	w.check(t, "directory-plan")
}

// mailPages send mails.
func (w walk) mailPages(t *testing.T, post *smtp.Server) {
	t.Helper()
	w.visit(t, http.StatusOK, "/people/welcome", "welcome-all")
	w.Follow(t, mainButton)
	require.NotEmpty(t, post.Wait(t).To)
	w.waitText(t, "without an email address")
	w.check(t, "welcome-all-sent")
	w.visit(t, http.StatusOK, "/settings", "settings-mail")
	w.Fill(t, `[name="to"]`, "root@example.org")
	w.Click(t, `form[action="/settings/mail"] button`)
	w.waitText(t, "The mail server has taken the mail")
	w.check(t, "settings-mail-sent")
}
