package manager_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func mustNetwork(t testing.TB, text string) manager.Network {
	t.Helper()
	n, err := manager.ParseNetwork(text)
	require.NoError(t, err)
	return n
}

func mustNetworks(t testing.TB, texts ...string) []manager.Network {
	t.Helper()
	var ns []manager.Network
	for _, text := range texts {
		ns = append(ns, mustNetwork(t, text))
	}
	return ns
}

func TestAccount_Lint(t *testing.T) {
	t.Parallel()
	everyone := []string{"0.0.0.0/0", "::/0"}
	for _, test := range []struct {
		name string
		user manager.Account
		want []string
	}{
		{
			name: "a restricted account has no warnings",
			user: manager.Account{Deny: mustNetworks(t, everyone...), Permit: mustNetworks(t, "192.0.2.7"), Read: manager.Call, Write: manager.Call | manager.Originate},
		},
		{
			name: "no rule permits any address",
			user: manager.Account{Read: manager.Call},
			want: []string{"permit any_address"},
		},
		{
			name: "a named ACL counts as a rule",
			user: manager.Account{Read: manager.Call, NamedACL: "office"},
		},
		{
			name: "permit without deny has deny-all added",
			user: manager.Account{Permit: mustNetworks(t, "10.0.0.0/8"), Read: manager.Call},
			want: []string{"deny deny_all_added"},
		},
		{
			name: "denying IPv4 only leaves IPv6 open",
			user: manager.Account{Deny: mustNetworks(t, "0.0.0.0/0"), Permit: mustNetworks(t, "10.0.0.0/8"), Read: manager.Call},
			want: []string{"deny open_family"},
		},
		{
			name: "a deny inside a permit has no effect",
			user: manager.Account{Deny: mustNetworks(t, "0.0.0.0/0", "::/0", "10.1.0.0/16"), Permit: mustNetworks(t, "10.0.0.0/8"), Read: manager.Call},
			want: []string{"deny[2] overridden"},
		},
		{
			name: "originate without call cannot hang up",
			user: manager.Account{NamedACL: "office", Write: manager.Originate},
			want: []string{"write originate_without_call"},
		},
		{
			name: "classes in the wrong direction have no effect",
			user: manager.Account{NamedACL: "office", Read: manager.Originate | manager.Log, Write: manager.CDR | manager.Security},
			want: []string{"read no_effect", "read no_effect", "write no_effect", "write no_effect"},
		},
		{
			name: "classes equivalent to root",
			user: manager.Account{NamedACL: "office", Write: manager.System | manager.Command | manager.Config},
			want: []string{"write root_like"},
		},
		{
			name: "filters without events have no effect",
			user: manager.Account{NamedACL: "office", EventFilters: []manager.EventFilter{{Action: manager.Include, Event: "Newchannel", Method: manager.MatchNone}}},
			want: []string{"event_filters no_effect"},
		},
		{
			name: "a filter on the end of the whole text never matches",
			user: manager.Account{NamedACL: "office", Read: manager.Call, EventFilters: []manager.EventFilter{
				{Action: manager.Exclude, Method: manager.MatchExact, Match: "Event: Hangup"},
				{Action: manager.Exclude, Header: "Channel", Method: manager.MatchExact, Match: "x"},
				{Action: manager.Exclude, Event: "Hangup", Method: manager.MatchEndsWith, Match: "x"},
			}},
			want: []string{"event_filters[0] never_matches", "event_filters[2] never_matches"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, w := range test.user.Lint() {
				require.NotEmpty(t, w.Message)
				got = append(got, w.Field+" "+w.Code)
			}
			require.ElementsMatch(t, test.want, got)
		})
	}
}

func TestAccount_Lint_warnsOfUnknownNamedACL(t *testing.T) {
	t.Parallel()
	account := manager.Account{Read: manager.Call, NamedACL: "office"}
	require.Empty(t, account.Lint(), "the lists are unknown")
	require.Empty(t, account.Lint("home", "Office"))
	warnings := account.Lint("home")
	require.Len(t, warnings, 1)
	require.Equal(t, "named_acl unknown", warnings[0].Field+" "+warnings[0].Code)
	require.NotContains(t, warnings[0].Message, "office")
}

func TestNamedACLs_readsIncludedFilesToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.Empty(t, manager.NamedACLs(dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "acl.conf"), []byte("[general]\n[base](!)\npermit = 10.0.0.0/8\n[office](base)\n#include more.conf\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "more.conf"), []byte("[home]\npermit = 192.0.2.1\n"), 0o600))
	require.Equal(t, []string{"office", "home"}, manager.NamedACLs(dir))
}

func TestPresets_containNoIneffectiveClass(t *testing.T) {
	t.Parallel()
	for _, preset := range manager.Presets() {
		a := manager.Account{NamedACL: "office"}
		preset.ApplyTo(&a)
		for _, w := range a.Lint() {
			require.NotEqual(t, "no_effect", w.Code, "%s: %s", preset.Name, w.Message)
			require.NotEqual(t, "originate_without_call", w.Code, preset.Name)
		}
		require.NotEmpty(t, preset.Description)
		found, ok := manager.LookupPreset(preset.Name)
		require.True(t, ok)
		require.Equal(t, preset, found)
	}
	_, ok := manager.LookupPreset("everything")
	require.False(t, ok)
}

func TestAccount_ApplyPreset_rejectsUnknownName(t *testing.T) {
	t.Parallel()
	for _, name := range manager.PresetNames() {
		preset, ok := manager.LookupPreset(name)
		require.True(t, ok)
		var a, want manager.Account
		preset.ApplyTo(&want)
		require.NoError(t, a.ApplyPreset(name))
		require.Equal(t, want, a)
	}
	a := manager.Account{Read: manager.Call}
	require.NoError(t, a.ApplyPreset(""))
	require.Equal(t, manager.Account{Read: manager.Call}, a)
	require.Equal(t, []store.FieldError{
		{Field: "preset", Code: store.CodeOneOf, Message: "choose one of click-to-call, queue-dashboard, cdr-collector, monitoring, apply"},
	}, store.FieldErrorsAt("preset", a.ApplyPreset("everything")))
	require.Equal(t, manager.Account{Read: manager.Call}, a)
}

func TestAccount_RootEquivalent_namesClassesInWrite(t *testing.T) {
	t.Parallel()
	a := &manager.Account{Read: manager.AllPrivileges, Write: manager.Call | manager.System | manager.Config}
	require.Equal(t, manager.System|manager.Config, a.RootEquivalent())
	a.Write = manager.Call
	require.Equal(t, manager.NoPrivileges, a.RootEquivalent())
}

func TestAccount_PermitsAnyAddress_countsOneFamily(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"0.0.0.0/0": true, "::/0": true, "10.0.0.0/8": false} {
		network, err := manager.ParseNetwork(text)
		require.NoError(t, err)
		a := &manager.Account{Name: "crm", Permit: []manager.Network{network}}
		require.Equal(t, want, a.PermitsAnyAddress(), text)
		codes := []string{}
		for _, w := range a.Lint() {
			codes = append(codes, w.Code)
		}
		require.Equal(t, map[bool][]string{true: {"any_address"}, false: {"deny_all_added"}}[want], codes, text)
		a.NamedACL = "office"
		require.False(t, a.PermitsAnyAddress(), text)
	}
}
