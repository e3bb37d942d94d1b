package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// TestConfSource_Revoke_survivesEndOfOwnSession reduces an account whose name
// looks like the applying account in the list of sessions.
func TestConfSource_Revoke_survivesEndOfOwnSession(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	applying := &manager.Account{Name: "pbx-integration-apply", Permit: mustNetworks(t, "127.0.0.0/8")}
	preset, _ := manager.LookupPreset("apply")
	preset.ApplyTo(applying)
	applying = p.create(t, applying)
	p.create(t, &manager.Account{Name: "pbx-integration-crm", Read: manager.Call | manager.CDR})
	p.apply(t)

	client, err := ami.Dial(testContext(t), p.AMIAddr, &ami.Options{Username: applying.Name, Secret: applying.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	configDir, err := asteriskconf.Open(p.ConfDir, []asteriskconf.Source{manager.NewConfSource(p.store, nil)}, &asteriskconf.Options{Asterisk: client})
	require.NoError(t, err)
	for _, read := range []manager.Privileges{manager.Call, manager.NoPrivileges} {
		_, err = p.service.Update(testContext(t), "pbx-integration-crm", func(a *manager.Account) error {
			a.Read = read
			return nil
		})
		require.NoError(t, err)
		report, err := configDir.Apply(testContext(t))
		require.NoError(t, err)
		require.True(t, report.Verified)
		require.Len(t, report.Files[0].Notes, 1, "the own session ended")
	}
}

func TestConfSource_Revoke_endsSessionsOfReducedAccounts(t *testing.T) {
	t.Parallel()
	p := startPBX(t, &testservers.AsteriskOptions{Files: map[string]string{"acl.conf": "[office]\npermit = 127.0.0.1\n"}})
	tests := []struct {
		name   string
		change func(a *manager.Account)
		ends   bool
	}{
		{"untouched", nil, false},
		{"more-rights", func(a *manager.Account) { a.Read, a.Write = manager.AllPrivileges, manager.AllPrivileges }, false},
		{"other-fields", func(a *manager.Account) { a.Note, a.WriteTimeout, a.DisplayConnects = "x", 5000, true }, false},
		{"fewer-events", func(a *manager.Account) { a.Read = manager.Call }, true},
		{"fewer-actions", func(a *manager.Account) { a.Write = manager.NoPrivileges }, true},
		{"other-rights", func(a *manager.Account) { a.Write = manager.Call }, true},
		{"one-session", func(a *manager.Account) { a.AllowMultipleLogin = false }, true},
		{"new-secret", func(a *manager.Account) { a.Secret = store.NewSecret(validSecret + "!") }, true},
		{"new-address", func(a *manager.Account) { a.Permit = mustNetworks(t, "127.0.0.0/8") }, true},
		{"new-list", func(a *manager.Account) { a.NamedACL = "office" }, true},
		{"new-filter", func(a *manager.Account) {
			a.EventFilters = append(a.EventFilters, exclude("Hangup", "", manager.MatchNone, ""))
		}, true},
		{"disabled", func(a *manager.Account) { a.Disabled = true }, true},
	}
	sessions := make(map[string]*ami.Client)
	for _, test := range tests {
		p.create(t, &manager.Account{
			Name: test.name, Secret: store.NewSecret(validSecret), Read: manager.Call | manager.CDR, Write: manager.Originate, AllowMultipleLogin: true,
		})
	}
	p.apply(t)
	ended := 0
	for _, test := range tests {
		session, err := ami.Dial(testContext(t), p.AMIAddr, &ami.Options{Username: test.name, Secret: store.NewSecret(validSecret), NoReconnect: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = session.Close() })
		sessions[test.name] = session
		if test.change == nil {
			continue
		}
		_, err = p.service.Update(testContext(t), test.name, func(a *manager.Account) error {
			test.change(a)
			return nil
		})
		require.NoError(t, err)
		if test.ends {
			ended++
		}
	}
	require.Len(t, p.apply(t).Files[0].Notes, ended)
	for _, test := range tests {
		_, err := sessions[test.name].Do(testContext(t), ami.Action{Name: "Ping"})
		require.Equal(t, test.ends, err != nil, test.name)
	}
}

func TestConfSource_Revoke_reportsHTTPSession(t *testing.T) {
	t.Parallel()
	server := newFakeAsterisk(t, &amitest.Options{
		Accounts: []amitest.Account{{Name: "apply", Secret: validSecret}},
		Commands: map[string][]string{"manager show connected": {
			"  CRM              192.0.2.7                                                1795320321  0           -1        0         2147483647  2147483647",
			"  other            127.0.0.1                                                1795320321  0           12        0         2147483647  2147483647",
		}},
	})
	client, err := ami.Dial(testContext(t), server.Addr(), &ami.Options{Username: "apply", Secret: store.NewSecret(validSecret)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	notes, err := manager.NewConfSource(memstore.New().AMIAccounts(), nil).Revoke(testContext(t), client, &asteriskconf.Change{Before: []dialect.Section{{Name: "crm"}}})
	require.NoError(t, err)
	require.Equal(t, []string{"a session of CRM over HTTP from 192.0.2.7 cannot be ended; it ends when it is idle"}, notes)
}
