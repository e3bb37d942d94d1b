package userman_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// limitedTo is the scope of these extensions and DIDs.
func limitedTo(t testing.TB, extensions, dids string) userman.ScopeLoader {
	t.Helper()
	e, err := scope.ParseRanges(extensions)
	require.NoError(t, err)
	d, err := scope.ParseRanges(dids)
	require.NoError(t, err)
	return func(context.Context) (scope.Scope, error) { return scope.Limited(e, d), nil }
}

// outOfScopeValues returns grants that are out of scope of an administrator with
// the DIDs 4930100 to 4930199.
func outOfScopeValues() map[string]permission.Permissions {
	return map[string]permission.Permissions{
		"all numbers":    {permission.SMSNumbers: permission.Set(permission.Any)},
		"another number": {permission.SMSNumbers: permission.Append("4930100", "4930200")},
		"with a plus":    {permission.SMSNumbers: permission.Set("+4930100")},
		"all names":      {permission.PhoneAppsModules: permission.Set(permission.Any)},
		"a name":         {permission.PhoneAppsModules: permission.Append("parking")},
	}
}

// A limited administrator who grants sms.numbers to a user, directly or by a group,
// and knows the password, reads the messages of that number.
func TestService_Scoped_forbidsGrantingOutOfScopeNumbersAndNames(t *testing.T) {
	t.Parallel()
	for name, extensions := range map[string]string{"extensions and DIDs": "100-199", "DIDs only": ""} {
		all := newService(t)
		all.createUser(t, newUser("jane", "101"), "")
		scoped := all.scoped(limitedTo(t, extensions, "4930100-4930199"))
		for what, grants := range outOfScopeValues() {
			group := all.createGroup(t, what, grants).Name
			for way, change := range map[string]func(u *userman.User){
				"directly":   func(u *userman.User) { u.Permissions = grants },
				"by a group": func(u *userman.User) { u.Groups = []string{group} },
			} {
				_, err := scoped.tryUpdate(t, "jane", change)
				require.ErrorIs(t, err, store.ErrForbidden, "%s: %s %s", name, what, way)
				u := newUser("new", "110")
				change(u)
				_, err = scoped.Create(t.Context(), userman.NewUser{User: u})
				require.ErrorIs(t, err, store.ErrForbidden, "%s: %s %s", name, what, way)
			}
			require.ErrorIs(t, scoped.Groups().AddMembers(t.Context(), group, "jane"), store.ErrForbidden, "%s: %s", name, what)
		}
		_, err := scoped.Groups().Create(t.Context(), &userman.Group{Name: "Mine", Permissions: permission.Permissions{permission.SMSNumbers: permission.Set(permission.Any)}})
		require.ErrorIs(t, err, store.ErrForbidden, name)
		scoped.update(t, "jane", func(u *userman.User) {
			u.Permissions = permission.Permissions{permission.SMSNumbers: permission.Set("4930150"), permission.ContactsGroups: permission.Set("Sales")}
		})
		scoped.update(t, "jane", func(u *userman.User) { u.Permissions = nil })
		all.requireAuditIntact(t)
	}
}

func TestService_Scoped_forbidsCredentialsForOutOfScopeNumbersAndNames(t *testing.T) {
	t.Parallel()
	all := newService(t)
	scoped := all.scoped(limitedTo(t, "100-199", "4930100-4930199"))
	for what, grants := range outOfScopeValues() {
		u := newUserWithEmail("jane")
		u.DefaultExtension, u.Permissions = "101", grants
		created := all.createUser(t, u, goodPassword)
		token, _ := all.createToken(t, "jane", apitoken.Token{})
		for call, err := range map[string]error{
			"SetPassword":        errOf2(scoped.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)),
			"Invite":             errOf2(scoped.Invite(t.Context(), "jane")),
			"Update, email":      errOf2(scoped.tryUpdate(t, "jane", func(u *userman.User) { u.Email = "eve@example.com" })),
			"RemoveSecondFactor": errOf2(scoped.RemoveSecondFactor(t.Context(), "jane")),
			"NewRecoveryCodes":   errOf2(scoped.NewRecoveryCodes(t.Context(), created.ID, store.NewSecret(goodPassword))),
			"CreateToken":        errOf3(scoped.tokens.Create(t.Context(), "jane", &apitoken.Token{})),
			"RotateToken":        errOf3(scoped.tokens.Rotate(t.Context(), token.ID)),
		} {
			require.ErrorIs(t, err, store.ErrForbidden, "%s: %s", what, call)
		}
		require.NoError(t, all.Delete(t.Context(), "jane"))
	}
}

// What a user has already may stay and be narrowed. Without a narrowing value the
// wider one of a group comes back, so its removal is a grant.
func TestService_Scoped_keepsExistingNumbersAndNames(t *testing.T) {
	t.Parallel()
	all := newService(t)
	scoped := all.scoped(limitedTo(t, "100-199", "4930100-4930199"))
	all.createGroup(t, "Texters", permission.Permissions{permission.SMSNumbers: permission.Set("4930200", "4930201")})
	u := newUser("jane", "101")
	u.Groups = []string{"Texters"}
	all.createUser(t, u, "")
	scoped.update(t, "jane", func(u *userman.User) { u.Title = "Ms" })
	all.setPermission(t, "jane", permission.SMSNumbers, permission.Set("4930200", "4930202"))
	scoped.update(t, "jane", func(u *userman.User) {
		u.Permissions = permission.Permissions{permission.SMSNumbers: permission.Set("4930200")}
	})
	_, err := scoped.tryUpdate(t, "jane", func(u *userman.User) { u.Permissions = nil })
	require.ErrorIs(t, err, store.ErrForbidden)
}

// A limited administrator must not make a grant of another administrator permanent:
// it would outlast the end of that grant.
func TestService_Scoped_forbidsGrantsThatOutlastExistingGrants(t *testing.T) {
	t.Parallel()
	all := newService(t)
	scoped := all.scoped(limitedTo(t, "100-199", "4930100-4930199"))
	all.createGroup(t, "Texters", permission.Permissions{permission.SMSNumbers: permission.Set("4930100", "4930200")})
	all.createGroup(t, "Also texters", permission.Permissions{permission.SMSNumbers: permission.Set("4930100", "4930200")})
	u := newUser("jane", "101")
	u.Groups = []string{"Texters"}
	all.createUser(t, u, "")
	for what, change := range map[string]func(u *userman.User){
		"own value": func(u *userman.User) {
			u.Permissions = permission.Permissions{permission.SMSNumbers: permission.Set("4930200")}
		},
		"addition": func(u *userman.User) {
			u.Permissions = permission.Permissions{permission.SMSNumbers: permission.Append("4930200")}
		},
		"other group": func(u *userman.User) { u.Groups = []string{"Also texters", "Texters"} },
	} {
		_, err := scoped.tryUpdate(t, "jane", change)
		require.ErrorIs(t, err, store.ErrForbidden, what)
	}
	require.ErrorIs(t, scoped.Groups().AddMembers(t.Context(), "Also texters", "jane"), store.ErrForbidden)

	all.setPermission(t, "jane", permission.SMSNumbers, permission.Set("4930200", "4930201"))
	scoped.update(t, "jane", func(u *userman.User) {
		u.Permissions = permission.Permissions{permission.SMSNumbers: permission.Set("4930100", "4930200")}
	})
	all.setPermission(t, "jane", permission.SMSNumbers, permission.Set(permission.Any))
	scoped.update(t, "jane", func(u *userman.User) {
		u.Permissions = permission.Permissions{permission.SMSNumbers: permission.Set("4930201")}
	})
	all.requireAuditIntact(t)
}

// A limited administrator who creates a user knows the password. A default group must
// not give the user all numbers.
func TestService_Scoped_exemptsNoDefaultGroupOfAllNumbers(t *testing.T) {
	t.Parallel()
	for what, id := range map[string]string{"numbers": permission.SMSNumbers, "extensions": permission.HistoryExtensions} {
		all := newService(t)
		scoped := all.scoped(limitedTo(t, "100-199", "4930100"))
		scoped.createUser(t, newUserWithEmail("june", "102"), goodPassword)
		_, err := all.Groups().Create(t.Context(), &userman.Group{
			Name: "Everybody", Default: true, Permissions: permission.Permissions{id: permission.Append(permission.Any)},
		})
		require.NoError(t, err)
		_, err = scoped.Create(t.Context(), userman.NewUser{User: newUser("new", "110"), Password: secret(goodPassword)})
		require.ErrorIs(t, err, store.ErrForbidden, what)
		require.ErrorIs(t, scoped.Groups().AddMembers(t.Context(), "Everybody", "june"), store.ErrForbidden, what)
		all.createUser(t, newUserWithEmail("jane", "101"), goodPassword)
		require.ErrorIs(t, errOf2(scoped.Invite(t.Context(), "jane")), store.ErrForbidden, what)
		require.ErrorIs(t, errOf2(scoped.tryUpdate(t, "jane", func(u *userman.User) { u.Email = "eve@example.com" })), store.ErrForbidden, what)

		_, err = scoped.Create(t.Context(), userman.NewUser{User: newUser("new", "110"), Password: secret(goodPassword), NoDefaultGroups: true})
		require.NoError(t, err, what)
		_, err = scoped.Invite(t.Context(), "new")
		require.NoError(t, err, what)
		all.requireAuditIntact(t)
	}
}
