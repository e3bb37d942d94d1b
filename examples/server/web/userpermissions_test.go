package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionRow returns the row of a permission.
func (b *browser) permissionRow(page, id string) string {
	b.Helper()
	before, after, found := strings.Cut(page, `<code class="form-hint">`+id+`</code>`)
	require.True(b, found, id)
	row, _, _ := strings.Cut(after, "</tr>")
	return before[strings.LastIndex(before, "<tr"):] + row
}

func TestPages_userPermissionsSetAndExplained(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, err := b.server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: "Sales", Permissions: permission.Permissions{
		permission.XMPPLogin: permission.On(), permission.HistoryExtensions: permission.Append("4002"),
	}})
	require.NoError(t, err)
	b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001", LinkedExtensions: []string{"4100"}, Groups: []string{"Sales"}})
	const path = "/users/jane.roe"
	page := b.get(path, http.StatusOK)
	row := b.permissionRow(page, permission.XMPPLogin)
	require.Contains(t, row, ">on<")
	require.Contains(t, row, "On, because the group Sales sets it; it is off by default.")
	require.Contains(t, row, "Group Sales: on")
	require.Contains(t, row, `<option value="" selected>Inherited</option>`)
	require.Contains(t, b.permissionRow(page, permission.HistoryExtensions), "4001, 4002")

	form := url.Values{
		"username": {"jane.roe"}, "version": {b.hiddenValue(page, "version")}, "permissions.xmpp.login": {"off"}, "permissions.portal.login": {""},
		"permissions.voicemail.extensions": {"replace"}, "permissions.voicemail.extensions.items": {"Linked 4500"},
		"permissions.sms.numbers": {"append"}, "permissions.sms.numbers.items": {"+49301234, +49301235"},
		"permissions.contacts.groups": {"none"}, "permissions.contacts.groups.items": {""},
	}
	require.Equal(t, path, b.postRedirect(path, form))
	page = b.get(path, http.StatusOK)
	row = b.permissionRow(page, permission.XMPPLogin)
	require.Contains(t, row, ">off<")
	require.Contains(t, row, `<span class="text-secondary">(overridden)</span>`)
	require.Contains(t, b.permissionRow(page, permission.VoicemailExtensions), `value="linked, 4500"`)
	require.Contains(t, b.permissionRow(page, permission.ContactsGroups), ">none<")
	grants := b.user("jane.roe").Permissions
	require.Len(t, grants, 4)
	require.True(t, permission.Append("+49301234", "+49301235").Equal(grants[permission.SMSNumbers]))
	require.True(t, permission.Set().Equal(grants[permission.ContactsGroups]))

	form = url.Values{"username": {"jane.roe"}, "version": {b.hiddenValue(page, "version")}, "permissions.xmpp.login": {""}}
	b.postRedirect(path, form)
	require.Len(t, b.user("jane.roe").Permissions, 3)
}

func TestPages_userPermissionsEnablePortalLogin(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", Permissions: permission.Permissions{permission.PortalLogin: permission.Off()}})
	const path = "/users/jane.roe"
	page := b.get(path, http.StatusOK)
	require.Contains(t, b.permissionRow(page, permission.PortalLogin), "Off, because the setting of the user sets it; it is on by default.")
	b.postRedirect(path, url.Values{"username": {"jane.roe"}, "version": {b.hiddenValue(page, "version")}, "permissions.portal.login": {"on"}})
	require.True(t, b.user("jane.roe").Permissions[permission.PortalLogin].IsOn())
}

func TestPages_userPermissionErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	const path = "/users/jane.roe"
	form := url.Values{
		"username": {"jane.roe"}, "version": {b.hiddenValue(b.get(path, http.StatusOK), "version")}, "permissions.xmpp.login": {"maybe"},
		"permissions.voicemail.extensions": {"replace"}, "permissions.voicemail.extensions.items": {"<b>"},
		"permissions.history.extensions": {""}, "permissions.history.extensions.items": {"4001"},
		"permissions.sms.numbers": {"replace"}, "permissions.contacts.groups": {"nonsense"}, "permissions.contacts.groups.items": {"x"},
	}
	page := b.post(path, form, http.StatusUnprocessableEntity)
	for _, id := range []string{"xmpp-login", "history-extensions", "contacts-groups"} {
		b.requireFieldError(page, "field-permissions-"+id)
	}
	for _, id := range []string{"voicemail-extensions", "sms-numbers"} {
		require.Contains(t, page, `<a href="#field-permissions-`+id+`-items">`, "the error is about the list")
		require.Contains(t, page, `id="field-permissions-`+id+`-error"`)
	}
	require.Contains(t, page, `value="&lt;b&gt;"`)
	require.Empty(t, b.user("jane.roe").Permissions)
}

func TestPages_userPermissionsEditConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	const path = "/users/jane.roe"
	form := url.Values{"username": {"jane.roe"}, "version": {b.hiddenValue(b.get(path, http.StatusOK), "version")}, "permissions.xmpp.login": {"on"}}
	_, err := b.server.Site.Users.Update(t.Context(), "jane.roe", func(u *userman.User) error {
		u.Permissions = permission.Permissions{permission.SMSNumbers: permission.Set("+4930")}
		return nil
	})
	require.NoError(t, err)
	page := b.post(path, form, http.StatusConflict)
	require.Contains(t, page, "Edit conflict")
	form.Set("version", b.hiddenValue(page, "version"))
	b.postRedirect(path, form)
	require.Len(t, b.user("jane.roe").Permissions, 2)
}

func TestPages_userPermissionsLimitedToScope(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "inside", DefaultExtension: "4001"})
	ranges, err := scope.ParseRanges("4000-4999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "front.desk", Sections: []string{"users"}, Extensions: ranges}, password)
	desk := b.loginAs("front.desk")
	const path = "/users/inside"
	form := desk.recordForm(desk.get(path, http.StatusOK))
	form.Set("permissions.voicemail.extensions", "replace")
	form.Set("permissions.voicemail.extensions.items", "all")
	require.Contains(t, desk.post(path, form, http.StatusForbidden), "with values outside your scope")
	form.Set("permissions.voicemail.extensions.items", "4002")
	desk.postRedirect(path, form)
}

// The page of a user has one form, so the permissions are saved with the other fields.
func TestPages_userPermissionsAreSavedWithTheProfile(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001", LinkedExtensions: []string{"4002"}, TimeZone: "US/Eastern", Permissions: permission.Permissions{
		permission.HistoryExtensions: permission.Append("4002", "self"),
	}})
	before := b.user("jane.roe")
	require.Equal(t, "/users/jane.roe#permissions", b.getRedirect("/users/jane.roe/permissions"))
	page := b.get("/users/jane.roe", http.StatusOK)
	require.Contains(t, page, `<option value="US/Eastern" selected>US/Eastern</option>`, "a zone that is not offered stays")
	form := b.recordForm(page)
	b.postRedirect("/users/jane.roe", form)
	unchanged := b.user("jane.roe")
	unchanged.UpdatedAt = before.UpdatedAt
	require.Equal(t, before, unchanged)

	form.Set("title", "Head of Sales")
	form.Set("permissions.xmpp.login", "on")
	b.postRedirect("/users/jane.roe", form)
	require.Equal(t, "Head of Sales", b.user("jane.roe").Title)
	require.True(t, b.user("jane.roe").Permissions[permission.XMPPLogin].IsOn())
}

func TestPages_userPermissionRowsOfNobodyAreHidden(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales", Permissions: permission.Permissions{permission.XMPPLogin: permission.On()}})
	b.createUser(userman.User{Username: "jane.roe", Groups: []string{"Sales"}, Permissions: permission.Permissions{permission.SMSNumbers: permission.Set("1")}})
	page := b.get("/users/jane.roe", http.StatusOK)
	for id, unset := range map[string]bool{permission.XMPPLogin: false, permission.SMSNumbers: false, permission.PortalLogin: true} {
		require.Equal(t, unset, strings.HasPrefix(b.permissionRow(page, id), `<tr role="row" class="unset">`), id)
	}
	require.Contains(t, page, `id="show-unset">`)
	b.createUser(userman.User{Username: "john.roe"})
	require.Contains(t, b.get("/users/john.roe", http.StatusOK), `id="show-unset" checked>`, "an empty table would say nothing")
}

func TestPages_tabsCountErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	form := b.recordForm(b.get("/users/jane.roe", http.StatusOK))
	form.Set("permissions.sms.numbers", "append")
	form.Set("permissions.xmpp.login", "maybe")
	form.Set("email", "nowhere")
	form.Set("fax", "x")
	page := b.post("/users/jane.roe", form, http.StatusUnprocessableEntity)
	for tab, count := range map[string]string{"profile": "2", "permissions": "2"} {
		require.Regexp(t, `href="#`+tab+`">[A-Za-z]+ <span class="badge off ms-2">`+count+`<span class="visually-hidden"> errors`, page)
	}
	require.NotRegexp(t, `href="#sign-in">[A-Za-z-]+ <span`, page)
	require.Regexp(t, `<details class="border-top py-3" open><summary[^>]*>More contact details`, page)
}

func TestPages_activityNeedsSectionOfAuditLog(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	page := b.get("/users/jane.roe", http.StatusOK)
	require.Contains(t, page, `<a href="/audit?key=jane.roe&amp;kind=user">`)
	require.Regexp(t, `(?s)id="activity".*<strong>Created</strong> <span class="text-secondary">by the server`, page)
	ranges, err := scope.ParseRanges("4000-4999")
	require.NoError(t, err)
	for name, sections := range map[string][]string{"only.users": {"users"}, "and.audit": {"users", "audit"}} {
		b.server.AddAdministrator(t, ampusers.Administrator{Username: name, Sections: sections, Extensions: ranges}, password)
		require.Equal(t, len(sections) == 2, contains(b.loginAs(name).get("/users/jane.roe", http.StatusOK), `id="activity"`), name)
	}
}
