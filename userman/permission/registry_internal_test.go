package permission

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// fieldCodes returns "field: code" of each refusal.
func fieldCodes(errs []store.FieldError) []string {
	all := make([]string, len(errs))
	for i, f := range errs {
		all[i] = f.Field + ": " + f.Code
	}
	return all
}

func TestNewRegistry_panicsOnInvalidPermissions(t *testing.T) {
	t.Parallel()
	fax := Permission{ID: "fax.send", Kind: KindBool, Description: "May send faxes."}
	changed := func(change func(p *Permission)) []Permission {
		p := fax
		change(&p)
		return []Permission{p}
	}
	for name, bad := range map[string][]Permission{
		"twice":             {fax, fax},
		"no ID":             changed(func(p *Permission) { p.ID = "" }),
		"no module":         changed(func(p *Permission) { p.ID = "send" }),
		"capitals":          changed(func(p *Permission) { p.ID = "Fax.send" }),
		"too long":          changed(func(p *Permission) { p.ID = "fax." + strings.Repeat("s", 33) }),
		"no kind":           changed(func(p *Permission) { p.Kind = "" }),
		"unknown kind":      changed(func(p *Permission) { p.Kind = "number" }),
		"no sentence":       changed(func(p *Permission) { p.Description = "" }),
		"list as a default": changed(func(p *Permission) { p.Default = Set() }),
		"bad items":         changed(func(p *Permission) { p.Kind, p.Default = KindExtensions, Set("x") }),
		"extending default": changed(func(p *Permission) { p.Kind, p.Default = KindExtensions, Append("1001") }),
		"other kind":        {{ID: PortalLogin, Kind: KindStrings, Default: Set()}},
	} {
		require.Panics(t, func() { NewRegistry(bad) }, name)
	}
	require.NotPanics(t, func() { NewRegistry([]Permission{fax}) })
}

func TestNewRegistry_overridesAndAddsPermissions(t *testing.T) {
	t.Parallel()
	r := NewRegistry([]Permission{
		{ID: "fax.send", Kind: KindBool, Description: "May send faxes."},
		{ID: PortalLogin, Default: Off()},
	})
	require.Len(t, r.permissions, len(Standard())+1)
	require.Equal(t, Permission{PortalLogin, KindBool, Off(), "May log in to the portal."}, r.permissions[0], "kind and sentence stay")
	last := r.permissions[len(r.permissions)-1]
	require.Equal(t, "fax.send", last.ID)
	require.Equal(t, "fax", last.Module())
	for i, p := range r.permissions {
		place, ok := r.index[p.ID]
		require.True(t, ok)
		require.Equal(t, i, place)
	}
}

func TestRegistry_reportsEveryInvalidPermission(t *testing.T) {
	t.Parallel()
	r := NewRegistry(nil)
	many := make([]string, MaxItems+1)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	errs := r.Validate(Permissions{
		PortalLogin:          Set("1001"),
		VoicemailExtensions:  On(),
		SettingsExtensions:   Append("1001", "x", "self", "1\n2"),
		HistoryExtensions:    Set(many...),
		SMSNumbers:           Set("+49", "linked", "+", "tel:1"),
		PhoneAppsModules:     Set("call_forward", "a,b", " x", "self"),
		ContactsGroups:       Set("all", "All"),
		VoicemailDownload:    Off(),
		"voicemail.teleport": On(),
		"hunter2 <script>":   On(),
	}, nil)
	require.Equal(t, []string{
		"permissions.contacts.groups[1]: name",
		"permissions.history.extensions: max",
		"permissions: unknown",
		"permissions.phone_apps.modules[1]: name",
		"permissions.phone_apps.modules[2]: name",
		"permissions.phone_apps.modules[3]: name",
		"permissions.portal.login: kind",
		"permissions.settings.extensions[1]: extension",
		"permissions.settings.extensions[3]: extension",
		"permissions.sms.numbers[1]: number",
		"permissions.sms.numbers[2]: number",
		"permissions.sms.numbers[3]: number",
		"permissions.voicemail.extensions: kind",
		"permissions.voicemail.teleport: unknown",
	}, fieldCodes(errs))
	require.NotContains(t, store.NewInvalidError(errs...).Error(), "hunter2")
}

func TestRegistry_limitsPermissionCount(t *testing.T) {
	t.Parallel()
	perms := Permissions{}
	for i := range maxGrants + 1 {
		perms[fmt.Sprintf("a.b%d", i)] = On()
	}
	require.Equal(t, []string{"permissions: max"}, fieldCodes(NewRegistry(nil).Validate(perms, nil)))
	delete(perms, "a.b0")
	require.Empty(t, NewRegistry(nil).Validate(perms, perms))
}

func TestRegistry_acceptsUnchangedUnknownPermission(t *testing.T) {
	t.Parallel()
	r, known := NewRegistry(nil), Permissions{"fax.send": On(), PortalLogin: Set("1001")}
	require.Empty(t, r.Validate(Permissions{"fax.send": On(), PortalLogin: Set("1001")}, known))
	require.Equal(t, []string{"permissions.fax.send: unknown", "permissions.portal.login: kind"},
		fieldCodes(r.Validate(Permissions{"fax.send": Off(), PortalLogin: Set("1002")}, known)))
	require.Equal(t, []string{"permissions.portal.login: kind"},
		fieldCodes(r.Validate(Permissions{"fax.send": On(), PortalLogin: Set("1002")}, known)), "only the unchanged one is accepted")
}

func TestPermissions_normalizesValues(t *testing.T) {
	t.Parallel()
	perms := Permissions{
		SettingsExtensions: Set("1002", "self", "1001", "1002"),
		ContactsGroups:     Set("U\u0308ber", "Über"),
		HistoryExtensions:  Append(),
		PortalLogin:        On(),
	}
	normalized := perms.Normalized()
	require.Equal(t, Permissions{
		SettingsExtensions: Set("self", "1001", "1002"), ContactsGroups: Set("Über"), PortalLogin: On(),
	}, normalized, "an Extend without items says nothing")
	require.Equal(t, []string{"1002", "self", "1001", "1002"}, perms[SettingsExtensions].items, "what was given stays as it was")
	require.Equal(t, "U\u0308ber", perms[ContactsGroups].items[0])
	require.Equal(t, Permissions{}, Permissions(nil).Normalized())
}

func TestJoinClauses_shortensLongLists(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ parts, want string }{
		{"a", "a"},
		{"a b", "a, and b"},
		{"a b c d e f", "a, b, c, d, e, and f"},
		{"a b c d e f g", "a, b, c, d, 2 others add to it, and g"},
		{"a b c d e f g h", "a, b, c, d, 3 others add to it, and h"},
	} {
		require.Equal(t, test.want, joinClauses(strings.Fields(test.parts)))
	}
}
