package userman

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// nonZeroValue returns another value of a type than its zero value.
func nonZeroValue(t testing.TB, typ reflect.Type) reflect.Value {
	t.Helper()
	switch value := reflect.New(typ).Elem(); value.Interface().(type) {
	case string:
		return reflect.ValueOf("x")
	case bool:
		return reflect.ValueOf(true)
	case int:
		return reflect.ValueOf(7)
	case store.UserID:
		return reflect.ValueOf(store.UserID("x"))
	case int64:
		return reflect.ValueOf(int64(7))
	case []string:
		return reflect.ValueOf([]string{"x"})
	case []byte:
		return reflect.ValueOf([]byte("x"))
	case time.Time:
		return reflect.ValueOf(time.Unix(7, 0))
	case permission.Permissions:
		return reflect.ValueOf(permission.Permissions{"a.b": permission.On()})
	case *credential.OneTimeToken:
		return reflect.ValueOf(&credential.OneTimeToken{TokenHash: []byte("x"), ExpiresAt: time.Unix(7, 0)})
	case credential.Creator:
		return reflect.ValueOf(credential.Creator{Administrator: "x"})
	case credential.Credentials:
		return reflect.ValueOf(credential.Credentials{PasswordHash: store.NewSecret("x")})
	}
	require.Failf(t, "a field of a new type", "%s", typ)
	return reflect.Value{}
}

// requireFullAuditState requires that each field but these changes what the trail takes
// the fingerprint of: a new field cannot be forgotten.
func requireFullAuditState[T any](t *testing.T, stateOf func(*T) []byte, except ...string) {
	t.Helper()
	empty := string(stateOf(new(T)))
	require.Equal(t, "{}", empty, "what holds nothing is left out, so that a field may be added")
	seen := map[string]string{}
	for i := range reflect.TypeFor[T]().NumField() {
		field := reflect.TypeFor[T]().Field(i)
		record := new(T)
		reflect.ValueOf(record).Elem().Field(i).Set(nonZeroValue(t, field.Type))
		text := string(stateOf(record))
		if slices.Contains(except, field.Name) {
			require.Equal(t, empty, text, field.Name)
			continue
		}
		require.NotEqual(t, empty, text, field.Name)
		require.Empty(t, seen[text], "%s is sealed as another field", field.Name)
		seen[text] = field.Name
	}
}

func TestAuditState_coversEveryField(t *testing.T) {
	t.Parallel()
	requireFullAuditState(t, auditState, "HasPassword", "ExternalPassword", "HasSecondFactor", "InvitationExpiresAt", "PasswordExpiresAt")
	requireFullAuditState(t, groupAuditState, "Members")
}

// The service sets what keeping puts back: an edit of anything else is kept.
func TestUser_everyFieldIsEditableOrManaged(t *testing.T) {
	t.Parallel()
	edited := []string{
		"Username", "Description", "Title", "Company", "Department", "FirstName", "LastName", "DisplayName", "Email", "EmailBlocked", "OtherEmails",
		"CellPhone", "HomePhone", "WorkPhone", "Fax", "Language", "TimeZone", "DefaultExtension", "LinkedExtensions", "Groups", "Permissions",
		"Disabled", "MustChangePassword", "ExternalID",
	}
	for i := range reflect.TypeFor[User]().NumField() {
		field := reflect.TypeFor[User]().Field(i)
		u := &User{}
		reflect.ValueOf(u).Elem().Field(i).Set(nonZeroValue(t, field.Type))
		want := slices.Contains(edited, field.Name)
		require.Equal(t, want, !reflect.DeepEqual(restoreManaged(&User{}, u), &User{}), "Update: %s", field.Name)
		require.Equal(t, want, !reflect.DeepEqual(clearManaged(u), &User{}), "Create: %s", field.Name)
	}
}

func TestUser_Clone_isDeep(t *testing.T) {
	t.Parallel()
	u := &User{
		OtherEmails: []string{"a"}, LinkedExtensions: []string{"a"}, Groups: []string{"a"}, Permissions: permission.Permissions{"a.b": permission.On()},
		Activation: &credential.OneTimeToken{TokenHash: []byte("a")}, Credentials: credential.Credentials{Devices: []credential.TrustedDevice{{TokenHash: []byte("a")}}},
	}
	c := u.Clone()
	require.Equal(t, u, c)
	c.OtherEmails[0], c.LinkedExtensions[0], c.Groups[0], c.Permissions["a.b"] = "b", "b", "b", permission.Off()
	c.Activation.TokenHash[0], c.Credentials.Devices[0].TokenHash[0] = 'b', 'b'
	require.Equal(t, []string{"a", "a", "a"}, slices.Concat(u.OtherEmails, u.LinkedExtensions, u.Groups))
	require.True(t, u.Permissions["a.b"].IsOn())
	require.Equal(t, "aa", string(u.Activation.TokenHash)+string(u.Credentials.Devices[0].TokenHash))
	g := &Group{Permissions: permission.Permissions{"a.b": permission.On()}}
	g.Clone().Permissions["a.b"] = permission.Off()
	require.True(t, g.Permissions["a.b"].IsOn())
}

func TestUser_Name_prefersDisplayName(t *testing.T) {
	t.Parallel()
	for want, u := range map[string]*User{
		"JD":       {DisplayName: "JD", FirstName: "Jane", LastName: "Doe", Username: "jane"},
		"Jane Doe": {FirstName: "Jane", LastName: "Doe", Username: "jane"},
		"Jane":     {FirstName: "Jane", Username: "jane"},
		"Doe":      {LastName: "Doe", Username: "jane"},
		"jane":     {Username: "jane"},
	} {
		require.Equal(t, want, u.Name())
	}
}
