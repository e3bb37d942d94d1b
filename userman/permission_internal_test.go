package userman

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// fields returns "field: code" of each refusal.
func fields(refused []store.FieldError) []string {
	all := make([]string, len(refused))
	for i, f := range refused {
		all[i] = f.Field + ": " + f.Code
	}
	return all
}

func TestARegistryThatContradictsItselfIsAMistakeInTheProgram(t *testing.T) {
	t.Parallel()
	fax := Permission{ID: "fax.send", Kind: Switch, Sentence: "May send faxes."}
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
		"no sentence":       changed(func(p *Permission) { p.Sentence = "" }),
		"list as a default": changed(func(p *Permission) { p.Default = Replace() }),
		"bad items":         changed(func(p *Permission) { p.Kind, p.Default = Extensions, Replace("x") }),
		"extending default": changed(func(p *Permission) { p.Kind, p.Default = Extensions, Extend("1001") }),
		"other kind":        {{ID: PortalLogin, Kind: Names, Default: Replace()}},
	} {
		require.Panics(t, func() { newRegistry(bad) }, name)
	}
	require.NotPanics(t, func() { newRegistry([]Permission{fax}) })
}

func TestAProductReplacesAndAddsPermissions(t *testing.T) {
	t.Parallel()
	r := newRegistry([]Permission{
		{ID: "fax.send", Kind: Switch, Sentence: "May send faxes."},
		{ID: PortalLogin, Default: Off()},
	})
	require.Len(t, r.ordered, len(StandardPermissions())+1)
	require.Equal(t, Permission{PortalLogin, Switch, Off(), "May log in to the portal."}, r.ordered[0], "kind and sentence stay")
	last := r.ordered[len(r.ordered)-1]
	require.Equal(t, "fax.send", last.ID)
	require.Equal(t, "fax", last.Module())
	for i, p := range r.ordered {
		place, ok := r.index.find(p.ID)
		require.True(t, ok)
		require.Equal(t, i, place)
	}
}

func TestEveryBadPermissionIsNamed(t *testing.T) {
	t.Parallel()
	r := newRegistry(nil)
	many := make([]string, MaxItems+1)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	refused := r.check(Permissions{
		PortalLogin:          Replace("1001"),
		VoicemailExtensions:  On(),
		SettingsExtensions:   Extend("1001", "x", "self", "1\n2"),
		HistoryExtensions:    Replace(many...),
		SMSNumbers:           Replace("+49", "linked", "+", "tel:1"),
		PhoneAppsModules:     Replace("call_forward", "a,b", " x", "self"),
		ContactsGroups:       Replace("all", "All"),
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
	}, fields(refused))
	require.NotContains(t, store.Invalid(refused...).Error(), "hunter2")
}

func TestPermissionsThatAreTooManyAreNotLookedAt(t *testing.T) {
	t.Parallel()
	said := Permissions{}
	for i := range maxSaid + 1 {
		said[fmt.Sprintf("a.b%d", i)] = On()
	}
	require.Equal(t, []string{"permissions: max"}, fields(newRegistry(nil).check(said, nil)))
}

func TestWhatWasSaidBeforeStaysWhenTheProductDropsAPermission(t *testing.T) {
	t.Parallel()
	r, known := newRegistry(nil), Permissions{"fax.send": On(), PortalLogin: Replace("1001")}
	require.Empty(t, r.check(Permissions{"fax.send": On(), PortalLogin: Replace("1001")}, known))
	require.Equal(t, []string{"permissions.fax.send: unknown", "permissions.portal.login: kind"},
		fields(r.check(Permissions{"fax.send": Off(), PortalLogin: Replace("1002")}, known)))
}

func TestPermissionsAreKeptInOneForm(t *testing.T) {
	t.Parallel()
	said := Permissions{
		SettingsExtensions: Replace("1002", "self", "1001", "1002"),
		ContactsGroups:     Replace("U\u0308ber", "Über"),
		HistoryExtensions:  Extend(),
		PortalLogin:        On(),
	}
	kept := said.normalised()
	require.Equal(t, Permissions{
		SettingsExtensions: Replace("self", "1001", "1002"), ContactsGroups: Replace("Über"), PortalLogin: On(),
	}, kept, "an Extend without items says nothing")
	require.Equal(t, []string{"1002", "self", "1001", "1002"}, said[SettingsExtensions].items, "what was given stays as it was")
	require.Equal(t, "U\u0308ber", said[ContactsGroups].items[0])
	require.Equal(t, Permissions{}, Permissions(nil).normalised())
}
