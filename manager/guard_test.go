package manager_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

func TestApply_refusesToReloadWhileAnAccountHasSetvar(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	p.create(t, &manager.User{Name: "alpha"})
	p.apply(t)
	p.create(t, &manager.User{Name: "beta"})

	byHand := filepath.Join(p.ConfDir, "manager.d", "crm.conf")
	require.NoError(t, os.WriteFile(byHand, []byte("[crm]\nsecret = x\nSetVar = A=1\nsetvar = B=2\n"), 0o600))
	_, err := p.folder.Apply(within(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Regexp(t, `manager\.d/crm\.conf:3: .*setvar`, err.Error())
	plan, err := p.folder.PlanInstall(within(t))
	require.NoError(t, err)
	require.Equal(t, manager.ObstacleSetvar, plan.Obstacles[0].Code)
	require.Nil(t, plan.Obstacles[0].Mend, "Asterisk has to be restarted too")
	require.NoError(t, os.Remove(byHand))

	ours := filepath.Join(p.ConfDir, "manager.d", manager.FileName)
	content, err := os.ReadFile(ours)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(ours, append(content, "setvar = A=1\n"...), 0o600))
	_, err = p.folder.Apply(within(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Contains(t, err.Error(), "edited by hand")
	require.NoError(t, os.WriteFile(ours, content, 0o600))
	p.apply(t)
}

func TestApply_refusesToTakeTheAccountThatAppliesFromAsterisk(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	preset, _ := manager.PresetNamed("apply")
	u := &manager.User{Name: "applier", Permit: networks(t, "127.0.0.0/8")}
	preset.ApplyTo(u)
	p.create(t, &manager.User{Name: "alpha"})
	p.apply(t) // a generation without it, to roll back to
	u = p.create(t, u)
	p.apply(t)

	client, err := ami.Dial(within(t), p.AMIAddr, &ami.Options{Username: u.Name, Secret: u.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	source := manager.NewSource(p.store, &manager.SourceOptions{Address: p.AMIAddr, ApplyAs: "Applier"})
	folder, err := asteriskconf.Open(p.ConfDir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: client})
	require.NoError(t, err)
	for name, act := range map[string]func() error{
		"narrowed": func() error {
			_, err := p.service.Update(within(t), u.Name, func(u *manager.User) error { u.Write = manager.Config; return nil })
			require.NoError(t, err)
			_, err = folder.Apply(within(t))
			return err
		},
		"rolled back to before it": func() error {
			_, err := folder.Rollback(within(t))
			return err
		},
		"deleted": func() error {
			require.NoError(t, p.store.DeleteUser(within(t), u.Name))
			defer func() { require.NoError(t, p.store.CreateUser(within(t), u)) }()
			_, err = folder.Apply(within(t))
			return err
		},
	} {
		require.ErrorIs(t, act(), store.ErrConflict, name)
		_, err := client.Do(within(t), ami.Action{Name: "Ping"})
		require.NoError(t, err, name)
	}
}
