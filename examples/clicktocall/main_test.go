package main

import (
	"context"
	"database/sql"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

func TestE2E_clickToCallPlacesCall(t *testing.T) {
	t.Parallel()
	asterisk := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{
		"extensions.conf": "[from-internal]\nexten = 1001,1,Answer()\nexten = 1001,2,Wait(10)\nexten = 1002,1,NoOp(connected)\nexten = 1002,2,UserEvent(Connected)\n",
	}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := &call{
		folder: t.TempDir(), confDir: asterisk.ConfDir, ami: asterisk.AMIAddr,
		from: "Local/1001@from-internal", to: "Local/1002@from-internal",
	}
	installApplyAccount(ctx, t, c, asterisk)
	watch, err := ami.Dial(ctx, asterisk.AMIAddr, &ami.Options{
		Username: asterisk.AMIUser, Secret: store.NewSecret(asterisk.AMISecret), Events: "user",
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, watch.Close()) }()
	connected, err := watch.Subscribe(&ami.SubscribeOptions{Events: []string{"UserEvent"}})
	require.NoError(t, err)

	for range 2 { // the second time with a new secret
		require.NoError(t, c.run(ctx))
		event, err := connected.Next(ctx)
		require.NoError(t, err)
		require.Equal(t, "Connected", event.Get("UserEvent"))
	}
}

// installApplyAccount does what 'pbxctl config install' does: the include
// line, and the AMI account to apply with.
func installApplyAccount(ctx context.Context, t *testing.T, c *call, asterisk *testservers.Asterisk) {
	t.Helper()
	keys, err := store.OpenKeyring(filepath.Join(c.folder, "pbxusers.key"))
	require.NoError(t, err)
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(c.folder, "pbxusers.db")))
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()
	db, err := sqlstore.Open(ctx, pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
	require.NoError(t, err)
	loopback, err := manager.NetworkFromPrefix(netip.MustParsePrefix("127.0.0.0/8"))
	require.NoError(t, err)
	u := &manager.Account{Name: "pbxusers", Permit: []manager.Network{loopback}}
	preset, ok := manager.LookupPreset("apply")
	require.True(t, ok)
	preset.ApplyTo(u)
	u, err = manager.New(db.AMIAccounts(), nil).Create(ctx, u)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(c.folder, "pbxusers_ami.secret"), []byte(u.Secret.Reveal()), 0o600))

	client, err := ami.Dial(ctx, asterisk.AMIAddr, &ami.Options{Username: asterisk.AMIUser, Secret: store.NewSecret(asterisk.AMISecret)})
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	folder, err := asteriskconf.Open(c.confDir, []asteriskconf.Source{manager.NewConfSource(db.AMIAccounts(), nil)}, &asteriskconf.Options{Asterisk: client})
	require.NoError(t, err)
	_, err = folder.Install(ctx)
	require.NoError(t, err)
	_, err = folder.Apply(ctx)
	require.NoError(t, err)
}
