package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// createGroup creates a group with a permission.
func (b *browser) createGroup(g userman.Group) {
	b.Helper()
	_, err := b.server.Site.Users.Groups().Create(b.Context(), &g)
	require.NoError(b, err)
}

// salesGroup returns the stored group Sales.
func (b *browser) salesGroup() *userman.Group {
	b.Helper()
	g, err := b.server.Site.Users.Groups().Get(b.Context(), "Sales")
	require.NoError(b, err)
	return g
}

// salesGroupForm is the form of a group.
func salesGroupForm() url.Values {
	return url.Values{
		"name": {"Sales"}, "description": {"Who sells"}, "priority": {"20"}, "default": {"yes"},
		"permissions.history.recordings": {"on"}, "permissions.voicemail.extensions": {"append"}, "permissions.voicemail.extensions.items": {"1002, 1001"},
		"permissions.sms.numbers": {"replace"}, "permissions.sms.numbers.items": {"+493012345"}, "permissions.portal.login": {""},
	}
}

func TestPages_groupLifecycle(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/groups", http.StatusOK), "There are no groups yet.")
	require.Equal(t, "/groups/Sales", b.postRedirect("/groups/new", salesGroupForm()))
	g := b.salesGroup()
	require.Equal(t, 20, g.Priority)
	require.True(t, g.Default)
	require.Equal(t, permission.Permissions{
		permission.HistoryRecordings: permission.On(), permission.VoicemailExtensions: permission.Append("1001", "1002"), permission.SMSNumbers: permission.Set("+493012345"),
	}, g.Permissions)

	page := b.get("/groups/sales", http.StatusOK)
	require.Contains(t, page, `value="1001, 1002"`)
	form := salesGroupForm()
	form.Del("default")
	form.Set("version", b.hiddenValue(page, "version"))
	form.Set("permissions.history.recordings", "")
	require.Equal(t, "/groups/Sales", b.postRedirect("/groups/sales", form))
	require.False(t, b.salesGroup().Default)
	require.NotContains(t, b.salesGroup().Permissions, permission.HistoryRecordings)

	require.Contains(t, b.get("/groups/Sales/delete", http.StatusOK), "The group has no members.")
	require.Equal(t, "/groups", b.postRedirect("/groups/Sales/delete", nil))
	require.Contains(t, b.get("/groups", http.StatusOK), "Group Sales was deleted.")
	b.get("/groups/Sales", http.StatusNotFound)
}

func TestPages_groupFieldErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := salesGroupForm()
	maps.Copy(form, url.Values{
		"name": {""}, "priority": {"soon"}, "permissions.voicemail.extensions.items": {"1001, nobody"}, "permissions.history.recordings": {"perhaps"},
	})
	page := b.post("/groups/new", form, http.StatusUnprocessableEntity)
	for _, id := range []string{"field-name", "field-priority", "field-permissions-history-recordings"} {
		b.requireFieldError(page, id)
	}
	require.Contains(t, page, `<a href="#field-permissions-voicemail-extensions-items">`, "the error is about the list")
	require.Contains(t, page, `value="1001, nobody"`, "the input is shown again")
	require.Contains(t, page, "a whole number")
	groups, err := b.server.Site.Users.Groups().List(t.Context())
	require.NoError(t, err)
	require.Empty(t, groups)

	b.postRedirect("/groups/new", salesGroupForm())
	page = b.post("/groups/new", salesGroupForm(), http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-name")
	form = salesGroupForm()
	form.Set("version", b.hiddenValue(b.get("/groups/Sales", http.StatusOK), "version"))
	form.Set("priority", "99999")
	form.Set("permissions.sms.numbers.items", "no number")
	page = b.post("/groups/Sales", form, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-priority")
	require.Contains(t, page, `<a href="#field-permissions-sms-numbers-items">`)
	require.Equal(t, 20, b.salesGroup().Priority)
}

func TestPages_groupEditConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/groups/new", salesGroupForm())
	version := b.hiddenValue(b.get("/groups/Sales", http.StatusOK), "version")
	_, err := b.server.Site.Users.Groups().Update(t.Context(), "Sales", func(g *userman.Group) error {
		g.Permissions[permission.HistoryRecordings] = permission.Off()
		return nil
	})
	require.NoError(t, err)
	form := salesGroupForm()
	form.Set("version", version)
	page := b.post("/groups/Sales", form, http.StatusConflict)
	require.Contains(t, page, "Edit conflict")
	require.Equal(t, permission.Off(), b.salesGroup().Permissions[permission.HistoryRecordings])
	form.Set("version", b.hiddenValue(page, "version"))
	b.postRedirect("/groups/Sales", form)
	require.Equal(t, permission.On(), b.salesGroup().Permissions[permission.HistoryRecordings])
}

func TestPages_groupMembersAddAndRemove(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales"})
	b.createUser(userman.User{Username: "alice"})
	b.createUser(userman.User{Username: "bob"})
	page := b.post("/groups/Sales/members", url.Values{"do": {"add"}, "usernames": {"alice, nobody"}}, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-usernames")
	require.Contains(t, page, "“nobody”: there is no such user")
	require.Contains(t, page, "alice, nobody</textarea>")
	b.requireFieldError(b.post("/groups/Sales/members", url.Values{"do": {"add"}}, http.StatusUnprocessableEntity), "field-usernames")
	require.Zero(t, b.salesGroup().Members)

	require.Equal(t, "/groups/Sales#members", b.postRedirect("/groups/Sales/members", url.Values{"do": {"add"}, "usernames": {"alice\r\nbob"}}))
	require.Equal(t, 2, b.salesGroup().Members)
	require.Contains(t, b.get("/groups/Sales", http.StatusOK), `href="/users/bob"`)
	b.post("/groups/Sales/members", url.Values{"do": {"remove"}}, http.StatusConflict)
	b.postRedirect("/groups/Sales/members", url.Values{"do": {"remove"}, "member": {"alice"}})
	require.Equal(t, 1, b.salesGroup().Members)
}

// createUserOfMallory creates alice, whose password is from an administrator with a limited
// scope.
func (b *browser) createUserOfMallory() *userman.User {
	b.Helper()
	extensions, err := scope.ParseRanges("100-199")
	require.NoError(b, err)
	dids, err := scope.ParseRanges("4930100")
	require.NoError(b, err)
	mallory := ampusers.Administrator{Username: "mallory", Access: ampusers.Limited, Sections: []string{app.SectionUsers}, Extensions: extensions, DIDs: dids}
	b.server.AddAdministrator(b, mallory, password)
	ctx := audit.WithActor(b.Context(), audit.Actor{Kind: audit.Administrator, Name: "mallory"})
	alice, err := b.server.Site.UsersFor(&mallory).Create(ctx, userman.NewUser{
		User: &userman.User{Username: "alice", DefaultExtension: "101"}, Password: store.NewSecret(password),
	})
	require.NoError(b, err)
	return alice
}

// The creator of the password may not hand out what the group grants.
func TestPages_groupMembersConfirmEndedCredentials(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUserOfMallory()
	b.createGroup(userman.Group{Name: "Sales", Permissions: permission.Permissions{permission.SMSNumbers: permission.Set(permission.Any)}})

	page := b.post("/groups/Sales/members", url.Values{"do": {"add"}, "usernames": {"alice"}}, http.StatusOK)
	require.Contains(t, page, "This ends credentials of 1 account.")
	require.Contains(t, page, "<li>alice: password</li>")
	require.Zero(t, b.salesGroup().Members)

	b.postRedirect("/groups/Sales/members", url.Values{
		"do": {b.hiddenValue(page, "do")}, "member": {b.hiddenValue(page, "member")}, "confirmed": {b.hiddenValue(page, "confirmed")},
	})
	require.Equal(t, 1, b.salesGroup().Members)
	alice, err := b.server.Site.Users.Get(t.Context(), "alice")
	require.NoError(t, err)
	require.False(t, alice.HasPassword)
}

func TestPages_groupNameIsEscapedInURLs(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "100% who?"})
	const path = "/groups/100%25%20who%3F"
	require.Contains(t, b.get("/groups", http.StatusOK), `href="`+path+`"`)
	require.Contains(t, b.get(path+"?after=x", http.StatusBadRequest), `href="`+path+`">First page`)
	require.Equal(t, "/login?next="+url.QueryEscape(path), b.anonymous().postRedirect(path, nil))
}

func TestPages_groupDeleteShowsImpact(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales", Permissions: permission.Permissions{permission.HistoryRecordings: permission.On()}})
	b.createUser(userman.User{Username: "alice", Groups: []string{"Sales"}})
	page := b.get("/groups/Sales/delete", http.StatusOK)
	require.Contains(t, page, `href="/users/alice"`)
	require.Contains(t, page, "<code>history.recordings</code>: on → off")
	require.Equal(t, http.StatusConflict, b.postStatus("/groups/Sales/delete", nil), "deleting a group with members needs force")
	b.postRedirect("/groups/Sales/delete", url.Values{"force": {b.hiddenValue(page, "force")}})
	u, err := b.server.Site.Users.Get(t.Context(), "alice")
	require.NoError(t, err)
	require.Empty(t, u.Groups)
}

// postStatus posts a form, and returns only the status.
func (b *browser) postStatus(path string, form url.Values) int {
	b.Helper()
	response, _ := b.server.Post(b, b.client, path, form)
	return response.StatusCode
}

func TestPages_permissionMatrix(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales", Priority: 20, Permissions: permission.Permissions{
		permission.HistoryRecordings: permission.On(), permission.VoicemailExtensions: permission.Append("1001"),
	}})
	b.createGroup(userman.Group{Name: "Interns", Priority: 10, Permissions: permission.Permissions{permission.PortalLogin: permission.Off()}})
	ranges, err := scope.ParseRanges("1000-1999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"groups"}, Extensions: ranges}, password)
	page := b.loginAs("jane.admin").get("/permissions", http.StatusOK)
	require.Regexp(t, `(?s)>Interns</a>.*>Sales</a>.*Default<`, page)
	require.NotContains(t, page, "<select", "only an unrestricted administrator may change groups")
	require.Contains(t, page, `<span class="badge on">on</span>`)
	require.Contains(t, page, "add 1001")
	require.Contains(t, page, "not set")

	b.createUser(userman.User{Username: "alice"})
	require.Equal(t, "/users/alice#permissions", b.getRedirect("/permissions?username=alice"))
	b.requireFieldError(b.get("/permissions?username=nobody", http.StatusUnprocessableEntity), "field-username")

	b.server.AddAdministrator(t, ampusers.Administrator{Username: "only.groups", Sections: []string{"groups"}}, password)
	only := b.loginAs("only.groups")
	require.NotContains(t, only.get("/permissions?username=alice", http.StatusOK), `name="username"`)
	require.NoError(t, b.server.Site.Users.Groups().AddMembers(t.Context(), "Sales", "alice"))
	for _, path := range []string{"/groups/Sales", "/groups/Sales/delete"} {
		page = only.get(path, http.StatusOK)
		require.Contains(t, page, "alice")
		require.NotContains(t, page, `href="/users/alice"`, "the page of a person is not for them")
	}
}

func TestPages_groupsAreReadOnlyInLimitedScope(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales"})
	b.createUser(userman.User{Username: "alice", DefaultExtension: "1001", Groups: []string{"Sales"}})
	b.createUser(userman.User{Username: "walter", DefaultExtension: "2001", Groups: []string{"Sales"}})
	extensions, err := scope.ParseRanges("1000-1999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{
		Username: "jane.admin", Sections: []string{"groups", "users"}, Extensions: extensions,
	}, password)
	limited := b.loginAs("jane.admin")
	page := limited.get("/groups/Sales", http.StatusOK)
	require.Contains(t, page, `href="/users/alice"`)
	require.NotContains(t, page, "walter")
	require.NotContains(t, page, "/groups/Sales/delete")
	require.NotContains(t, page, ">Save<", "not by the Enter key either")
	forbidden := limited.post("/groups/Sales/members", url.Values{"do": {"add"}, "usernames": {"alice, walter"}}, http.StatusUnprocessableEntity)
	require.Contains(t, forbidden, ">The action failed</h2>")
	require.Contains(t, forbidden, "alice, walter</textarea>", "the input is shown again")
	form := salesGroupForm()
	form.Set("version", limited.hiddenValue(page, "version"))
	require.Equal(t, http.StatusForbidden, limited.postStatus("/groups/Sales", form))
	require.Equal(t, http.StatusForbidden, limited.postStatus("/groups/new", salesGroupForm()))
	require.Equal(t, http.StatusForbidden, limited.postStatus("/groups/Sales/delete", url.Values{"force": {"yes"}}))
	impact := limited.get("/groups/Sales/delete", http.StatusOK)
	require.NotContains(t, impact, "walter")
	require.Equal(t, 2, b.salesGroup().Members)
}

// matrixForm is what a browser sends of the matrix.
func (b *browser) matrixForm(page string) url.Values {
	b.Helper()
	_, form, found := strings.Cut(page, `<form method="post" action="/permissions" class="card">`)
	require.True(b, found)
	return b.recordForm(`id="record">` + form)
}

func TestPages_matrixIsEditedInPlace(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales", Priority: 20, Permissions: permission.Permissions{permission.HistoryRecordings: permission.On()}})
	b.createGroup(userman.Group{Name: "Interns", Priority: 10, Description: "Stays"})
	before := b.salesGroup()
	page := b.get("/permissions", http.StatusOK)
	require.Regexp(t, `<tr><th scope="row">May listen to and download the recordings`, page)
	require.Regexp(t, `<tr class="unset"><th scope="row">May log in to the chat server`, page)
	form := b.matrixForm(page)
	require.Equal(t, []string{"Interns", "Sales"}, form["group"])
	require.Equal(t, "/permissions", b.postRedirect("/permissions", form))
	require.Equal(t, before, b.salesGroup(), "nothing was changed")

	form.Set("group1.permissions.history.recordings", "")
	form.Set("group1.permissions.voicemail.extensions", "append")
	form.Set("group1.permissions.voicemail.extensions.items", "1001")
	form.Set("group0.permissions.xmpp.login", "off")
	b.postRedirect("/permissions", form)
	require.Equal(t, permission.Permissions{permission.VoicemailExtensions: permission.Append("1001")}, b.salesGroup().Permissions)
	interns, err := b.server.Site.Users.Groups().Get(t.Context(), "Interns")
	require.NoError(t, err)
	require.Equal(t, permission.Permissions{permission.XMPPLogin: permission.Off()}, interns.Permissions)
	require.Equal(t, "Stays", interns.Description)
}

func TestPages_matrixSavesAllGroupsOrNone(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales", Priority: 20})
	b.createGroup(userman.Group{Name: "Interns", Priority: 10})
	form := b.matrixForm(b.get("/permissions", http.StatusOK))
	form.Set("group0.permissions.xmpp.login", "on")
	form.Set("group1.permissions.voicemail.extensions", "replace")
	form.Set("group1.permissions.voicemail.extensions.items", "nowhere")
	page := b.post("/permissions", form, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-group1-permissions-voicemail-extensions")
	require.Contains(t, page, "Sales, ")
	require.Contains(t, page, `value="nowhere"`)
	interns, err := b.server.Site.Users.Groups().Get(t.Context(), "Interns")
	require.NoError(t, err)
	require.Empty(t, interns.Permissions)

	// Someone else changes a group.
	form.Set("group1.permissions.voicemail.extensions.items", "1001")
	_, err = b.server.Site.Users.Groups().Update(t.Context(), "Sales", func(g *userman.Group) error {
		g.Permissions = permission.Permissions{permission.VoicemailExtensions: permission.Set("1002")}
		return nil
	})
	require.NoError(t, err)
	page = b.post("/permissions", form, http.StatusConflict)
	require.Contains(t, page, "<td>replace 1002</td><td>replace 1001</td>")
	b.postRedirect("/permissions", b.matrixForm(page))
	require.True(t, permission.Set("1001").Equal(b.salesGroup().Permissions[permission.VoicemailExtensions]))
}
