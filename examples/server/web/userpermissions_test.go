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
	const path = "/users/jane.roe/permissions"
	page := b.get(path, http.StatusOK)
	row := b.permissionRow(page, permission.XMPPLogin)
	require.Contains(t, row, ">on<")
	require.Contains(t, row, "On, because the group Sales sets it; it is off by default.")
	require.Contains(t, row, "Group Sales: on")
	require.Contains(t, row, `<option value="" selected>Not set</option>`)
	require.Contains(t, b.permissionRow(page, permission.HistoryExtensions), "4001, 4002")

	form := url.Values{
		"version": {b.hiddenValue(page, "version")}, "permissions.xmpp.login": {"off"}, "permissions.portal.login": {""},
		"permissions.voicemail.extensions": {"replace"}, "permissions.voicemail.extensions.items": {"Linked 4500"},
		"permissions.sms.numbers": {"append"}, "permissions.sms.numbers.items": {"+49301234, +49301235"},
		"permissions.contacts.groups": {"replace"}, "permissions.contacts.groups.items": {""},
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

	form = url.Values{"version": {b.hiddenValue(page, "version")}, "permissions.xmpp.login": {""}}
	b.postRedirect(path, form)
	require.Len(t, b.user("jane.roe").Permissions, 3)
}

func TestPages_userPermissionsEnablePortalLogin(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", Permissions: permission.Permissions{permission.PortalLogin: permission.Off()}})
	const path = "/users/jane.roe/permissions"
	page := b.get(path, http.StatusOK)
	require.Contains(t, b.permissionRow(page, permission.PortalLogin), "Off, because the setting of the user sets it; it is on by default.")
	b.postRedirect(path, url.Values{"version": {b.hiddenValue(page, "version")}, "permissions.portal.login": {"on"}})
	require.True(t, b.user("jane.roe").Permissions[permission.PortalLogin].IsOn())
}

func TestPages_userPermissionErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	const path = "/users/jane.roe/permissions"
	form := url.Values{
		"version": {b.hiddenValue(b.get(path, http.StatusOK), "version")}, "permissions.xmpp.login": {"maybe"},
		"permissions.voicemail.extensions": {"replace"}, "permissions.voicemail.extensions.items": {"<b>"},
		"permissions.history.extensions": {""}, "permissions.history.extensions.items": {"4001"},
		"permissions.sms.numbers": {"append"}, "permissions.contacts.groups": {"nonsense"}, "permissions.contacts.groups.items": {"x"},
	}
	page := b.post(path, form, http.StatusUnprocessableEntity)
	for _, id := range []string{"xmpp-login", "voicemail-extensions", "history-extensions", "sms-numbers", "contacts-groups"} {
		b.requireFieldError(page, "field-permissions-"+id)
	}
	require.Contains(t, page, `value="&lt;b&gt;"`)
	require.Empty(t, b.user("jane.roe").Permissions)
}

func TestPages_userPermissionsEditConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	const path = "/users/jane.roe/permissions"
	form := url.Values{"version": {b.hiddenValue(b.get(path, http.StatusOK), "version")}, "permissions.xmpp.login": {"on"}}
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
	const path = "/users/inside/permissions"
	form := url.Values{
		"version":                          {desk.hiddenValue(desk.get(path, http.StatusOK), "version")},
		"permissions.voicemail.extensions": {"replace"}, "permissions.voicemail.extensions.items": {"all"},
	}
	require.Contains(t, desk.post(path, form, http.StatusForbidden), "with values outside your scope")
	form.Set("permissions.voicemail.extensions.items", "4002")
	desk.postRedirect(path, form)
}
