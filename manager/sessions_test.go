package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// TestAnApplySurvivesTheEndOfItsOwnSession narrows an account that the list of
// sessions cannot tell from the one that applies.
func TestAnApplySurvivesTheEndOfItsOwnSession(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	applying := &manager.User{Name: "pbx-integration-apply", Permit: networks(t, "127.0.0.0/8")}
	preset, _ := manager.PresetNamed("apply")
	preset.ApplyTo(applying)
	applying = p.create(t, applying)
	p.create(t, &manager.User{Name: "pbx-integration-crm", Read: manager.Call | manager.CDR})
	p.apply(t)

	client, err := ami.Dial(within(t), p.AMIAddr, &ami.Options{Username: applying.Name, Secret: applying.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	folder, err := asteriskconf.Open(p.ConfDir, []asteriskconf.Source{manager.NewSource(p.store, nil)}, &asteriskconf.Options{Asterisk: client})
	require.NoError(t, err)
	for _, read := range []manager.Privileges{manager.Call, manager.NoPrivileges} {
		_, err = p.service.Update(within(t), "pbx-integration-crm", func(u *manager.User) error {
			u.Read = read
			return nil
		})
		require.NoError(t, err)
		report, err := folder.Apply(within(t))
		require.NoError(t, err)
		require.True(t, report.Verified)
		require.Len(t, report.Files[0].Notes, 1, "its own session was ended")
	}
}

func TestAnApplyEndsTheSessionsOfAccountsThatLostSomething(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	tests := []struct {
		name   string
		change func(u *manager.User)
		ends   bool
	}{
		{"untouched", nil, false},
		{"more-rights", func(u *manager.User) { u.Read, u.Write = manager.AllPrivileges, manager.AllPrivileges }, false},
		{"other-fields", func(u *manager.User) { u.Note, u.WriteTimeout, u.DisplayConnects = "x", 5000, true }, false},
		{"fewer-events", func(u *manager.User) { u.Read = manager.Call }, true},
		{"fewer-actions", func(u *manager.User) { u.Write = manager.NoPrivileges }, true},
		{"other-rights", func(u *manager.User) { u.Write = manager.Call }, true},
		{"one-session", func(u *manager.User) { u.AllowMultipleLogin = false }, true},
		{"new-secret", func(u *manager.User) { u.Secret = store.NewSecret(goodSecret + "!") }, true},
		{"new-address", func(u *manager.User) { u.Permit = networks(t, "127.0.0.0/8") }, true},
		{"new-list", func(u *manager.User) { u.NamedACL = "office" }, true},
		{"new-filter", func(u *manager.User) {
			u.EventFilters = append(u.EventFilters, exclude("Hangup", "", manager.MatchNone, ""))
		}, true},
		{"disabled", func(u *manager.User) { u.Disabled = true }, true},
	}
	sessions := make(map[string]*ami.Client)
	for _, test := range tests {
		p.create(t, &manager.User{
			Name: test.name, Secret: store.NewSecret(goodSecret), Read: manager.Call | manager.CDR, Write: manager.Originate, AllowMultipleLogin: true,
		})
	}
	p.apply(t)
	ended := 0
	for _, test := range tests {
		session, err := ami.Dial(within(t), p.AMIAddr, &ami.Options{Username: test.name, Secret: store.NewSecret(goodSecret), NoReconnect: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = session.Close() })
		sessions[test.name] = session
		if test.change == nil {
			continue
		}
		_, err = p.service.Update(within(t), test.name, func(u *manager.User) error {
			test.change(u)
			return nil
		})
		require.NoError(t, err)
		if test.ends {
			ended++
		}
	}
	require.Len(t, p.apply(t).Files[0].Notes, ended)
	for _, test := range tests {
		_, err := sessions[test.name].Do(within(t), ami.Action{Name: "Ping"})
		require.Equal(t, test.ends, err != nil, test.name)
	}
}

func TestASessionOverHTTPIsToldAndLeftAlone(t *testing.T) {
	t.Parallel()
	server := fakePBX(t, &amitest.Options{
		Accounts: []amitest.Account{{Name: "apply", Secret: goodSecret}},
		Commands: map[string][]string{"manager show connected": {
			"  CRM              192.0.2.7                                                1795320321  0           -1        0         2147483647  2147483647",
			"  other            127.0.0.1                                                1795320321  0           12        0         2147483647  2147483647",
		}},
	})
	client, err := ami.Dial(within(t), server.Addr(), &ami.Options{Username: "apply", Secret: store.NewSecret(goodSecret)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	notes, err := manager.NewSource(memstore.New().Managers(), nil).Revoke(within(t), client, &asteriskconf.Change{Before: []asteriskconf.Section{{Name: "crm"}}})
	require.NoError(t, err)
	require.Equal(t, []string{"a session of CRM over HTTP from 192.0.2.7 cannot be ended; it ends by itself when it is idle"}, notes)
}
