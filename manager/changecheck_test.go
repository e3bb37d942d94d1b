package manager_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

func TestConfSource_CheckChange_rejectsReloadWithSetvar(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	p.create(t, &manager.Account{Name: "alpha"})
	p.apply(t)
	p.create(t, &manager.Account{Name: "beta"})

	byHand := filepath.Join(p.ConfDir, "manager.d", "crm.conf")
	require.NoError(t, os.WriteFile(byHand, []byte("[crm]\nsecret = x\nSetVar = A=1\nsetvar = B=2\n"), 0o600))
	_, err := p.configDir.Apply(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Regexp(t, `manager\.d/crm\.conf:3: .*setvar`, err.Error())
	plan, err := p.configDir.PlanInstall(testContext(t))
	require.NoError(t, err)
	require.Equal(t, manager.IssueSetvar, plan.Issues[0].Code)
	require.Nil(t, plan.Issues[0].Fix, "Asterisk also needs a restart")
	require.NoError(t, os.Remove(byHand))

	ours := filepath.Join(p.ConfDir, "manager.d", manager.FileName)
	content, err := os.ReadFile(ours)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(ours, append(content, "setvar = A=1\n"...), 0o600))
	_, err = p.configDir.Apply(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Contains(t, err.Error(), "edited manually")
	require.NoError(t, os.WriteFile(ours, content, 0o600))
	p.apply(t)
}

// The accounts that a program prints are in no file, and an apply would replace them
// without a word.
func TestConfSource_CheckChange_keepsAccountsOfExec(t *testing.T) {
	t.Parallel()
	p := startPBX(t, &testservers.AsteriskOptions{ExecIncludes: true})
	p.create(t, &manager.Account{Name: "alpha"})
	p.apply(t)
	script := filepath.Join(p.ConfDir, "accounts.sh")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nprintf '[printed]\\nsecret = Known2Secret3Printed4\\npermit = 127.0.0.1\\n'\n"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(p.ConfDir, "manager.d", "printed.conf"), []byte("#exec "+script+"\n"), 0o600))
	_, err := p.client.Command(testContext(t), "manager reload")
	require.NoError(t, err)
	printed := &manager.Account{Name: "printed", Secret: store.NewSecret("Known2Secret3Printed4")}
	require.NoError(t, p.login(t, printed), "this Asterisk runs the program")

	p.create(t, &manager.Account{Name: "Printed"})
	_, err = p.configDir.Apply(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "Asterisk has an AMI account Printed already")
	require.NoError(t, p.login(t, printed))
}

func TestConfSource_CheckChange_keepsApplyAccount(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	preset, _ := manager.LookupPreset("apply")
	a := &manager.Account{Name: "applier", Permit: mustNetworks(t, "127.0.0.0/8")}
	preset.ApplyTo(a)
	p.create(t, &manager.Account{Name: "alpha"})
	p.apply(t) // a generation without it, to roll back to
	a = p.create(t, a)
	p.apply(t)

	client, err := ami.Dial(testContext(t), p.AMIAddr, &ami.Options{Username: a.Name, Secret: a.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	source := manager.NewConfSource(p.store, &manager.ConfSourceOptions{Address: p.AMIAddr, ApplyAccount: "Applier"})
	configDir, err := asteriskconf.Open(p.ConfDir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: client})
	require.NoError(t, err)
	for name, act := range map[string]func() error{
		"narrowed": func() error {
			_, err := p.service.Update(testContext(t), a.Name, func(a *manager.Account) error { a.Write = manager.Config; return nil })
			require.NoError(t, err)
			_, err = configDir.Apply(testContext(t))
			return err
		},
		"rolled back to before it": func() error {
			_, err := configDir.Rollback(testContext(t))
			return err
		},
		"deleted": func() error {
			require.NoError(t, p.store.DeleteAccount(testContext(t), a.Name))
			defer func() { require.NoError(t, p.store.CreateAccount(testContext(t), a)) }()
			_, err = configDir.Apply(testContext(t))
			return err
		},
	} {
		require.ErrorIs(t, act(), store.ErrConflict, name)
		_, err := client.Do(testContext(t), ami.Action{Name: "Ping"})
		require.NoError(t, err, name)
	}
}
