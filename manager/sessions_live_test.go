package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
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
