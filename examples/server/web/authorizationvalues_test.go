package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// valueCase is a request of the administrator with a limited scope whose body reaches
// out of that scope, or asks for the credentials of a user who does.
type valueCase struct {
	// id is the operation or page.
	id string
	// powerful says that the record is the user with permissions out of scope.
	powerful bool
	body     any
}

// valuesOutOfScope lists the requests. Each is forbidden.
func valuesOutOfScope(powerful target) []valueCase {
	type object = map[string]any
	grant := func(id string, value any) object { return object{"permissions": object{id: value}} }
	user := func(more object) object {
		body := object{"username": "new.out"}
		maps.Copy(body, more)
		return body
	}
	administrator := func(extensions, dids any) object {
		return object{"username": "new.admin", "sections": []string{"audit"}, "extensions": extensions, "dids": dids}
	}
	inGroup := object{"groups": []string{powerful.group}}
	return []valueCase{
		{id: "createUser", body: user(object{"default_extension": "20001"})},
		{id: "createUser", body: user(nil)}, // a user without extensions is out of scope
		{id: "createUser", body: user(object{"default_extension": "15001", "linked_extensions": []string{"20001"}})},
		{id: "createUser", body: user(object{"default_extension": "15001", "groups": []string{powerful.group}})},
		{id: "createUser", body: user(object{"default_extension": "15001", "permissions": object{permission.SMSNumbers: []string{"all"}}})},
		{id: "updateUser", body: object{"default_extension": "20001"}},
		{id: "updateUser", body: object{"default_extension": nil}},
		{id: "updateUser", body: object{"linked_extensions": []string{"20001"}}},
		{id: "updateUser", body: inGroup},
		{id: "updateUser", body: grant(permission.SMSNumbers, []string{"4930999"})},
		{id: "updateUser", body: grant(permission.HistoryExtensions, []string{"20001"})},
		{id: "updateUser", body: grant(permission.HistoryExtensions, object{"append": []string{"all"}})},
		{id: "updateUser", body: grant(permission.PhoneAppsModules, []string{"contacts"})},
		{id: "restoreUser", body: object{"username": "back.out", "default_extension": "20001"}},
		{id: "renumberExtensions", body: object{"numbers": object{"20001": "15001"}}},
		{id: "addMembers", powerful: true, body: nil},
		{id: "createAdministrator", body: administrator("20000-20010", scopedDIDs)},
		{id: "createAdministrator", body: administrator("", scopedDIDs)},
		{id: "createAdministrator", body: administrator("10000-10010", "")},
		{id: "createAdministrator", body: object{"username": "new.admin", "access": "full"}},
		{id: "updateAdministrator", body: object{"extensions": nil}},
		{id: "updateAdministrator", body: object{"access": "full", "sections": nil, "extensions": nil, "dids": nil}},

		{id: "updateUser", powerful: true, body: object{"email": "mine@example.com"}},
		{id: "setUserPassword", powerful: true, body: object{"generate": true}},
		{id: "createPasswordLink", powerful: true},
		{id: "createSoftphoneLink", powerful: true},
		{id: "deleteUserSecondFactor", powerful: true},
		{id: "createToken", powerful: true, body: object{"description": "mine"}},
		{id: "updateToken", powerful: true, body: object{"addresses": nil, "extensions": []string{"all"}}},
		{id: "rotateToken", powerful: true},

		{id: "POST /users/new", body: url.Values{"username": {"new.out"}, "default_extension": {"20001"}, "onboarding": {"later"}}},
		{id: "POST /users/{username}/renumber", body: url.Values{"default_extension": {"20001"}}},
		{id: "POST /groups/{name}/members", powerful: true},
		{id: "POST /administrators/new", body: url.Values{"username": {"new.admin"}, "access": {"full"}}},
		{id: "POST /users/{username}/password", powerful: true, body: url.Values{"how": {"generate"}}},
		{id: "POST /users/{username}/link", powerful: true},
		{id: "POST /users/{username}/softphone", powerful: true},
		{id: "POST /users/{username}/second-factor/remove", powerful: true},
		{id: "POST /users/{username}/tokens/{id}/rotate", powerful: true},
	}
}

func TestAuthorization_valuesOutOfScope(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	operations := map[string]*matrixOperation{}
	for _, op := range m.operations() {
		operations[op.id] = op
	}
	powerful := m.powerful()
	for i, c := range valuesOutOfScope(powerful) {
		op := *operations[c.id]
		name := fmt.Sprint(i, " ", c.id, " ", c.body)
		to := m.record(op.section, "inside")
		switch {
		case c.powerful && op.section == app.SectionGroups:
			to.group = powerful.group
		case c.powerful:
			to = powerful
		}
		op.body = c.body
		before, known := m.state(), m.newest(audit.Denied, m.ranges.name)
		a := m.call(m.ranges, &op, to)
		require.Equal(t, http.StatusForbidden, a.status, "%s: %s", name, a)
		require.Equal(t, before, m.state(), name)
		require.NotEqual(t, known, m.newest(audit.Denied, m.ranges.name), name)
	}
	// What takes rights away, or is read by the user only, is allowed.
	for _, id := range []string{"disableUser", "endUserSessions", "sendMail", "deleteToken"} {
		a := m.call(m.ranges, operations[id], powerful)
		require.True(t, operations[id].isAllowed(a), "%s: %s", id, a)
	}
}

// powerful creates a user in scope who has a permission with values out of scope, and a
// group that grants it.
func (m *matrix) powerful() target {
	m.Helper()
	to := m.record(app.SectionUsers, "inside")
	users := m.server.Site.Users
	_, err := users.Groups().Create(m.Context(), &userman.Group{Name: to.group, Permissions: permission.Permissions{permission.SMSNumbers: permission.Set("all")}})
	require.NoError(m, err)
	require.NoError(m, users.Groups().AddMembers(m.Context(), to.group, to.username))
	return to
}

func TestAuthorization_usersAreNoAdministrators(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	user := m.record(app.SectionUsers, "inside")
	_, err := m.server.Site.Users.Update(t.Context(), user.username, func(u *userman.User) error {
		u.Permissions[permission.PortalLogin] = permission.On()
		return nil
	})
	require.NoError(t, err)
	operation := m.documented()["createSession"]
	operation.body = map[string]any{"username": user.username, "password": password}
	a := m.call(m.anonymous, operation, user)
	require.Equal(t, http.StatusUnauthorized, a.status, a)
	require.NotContains(t, a.body, `"token"`)
	response, _ := m.server.Post(t, m.anonymous.client, "/login", url.Values{"username": {user.username}, "password": {password}})
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
	response, _ = m.server.Get(t, m.anonymous.client, "/account")
	require.Equal(t, http.StatusSeeOther, response.StatusCode)
}
