package sqlstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

func TestDB_RotateKeys_dropsOldKeysOnlyAfterVerification(t *testing.T) {
	t.Parallel()
	conn, keyFile := connect(t, newPath(t)), filepath.Join(t.TempDir(), "keys")
	db, keys := openWithKeyFile(t, conn, keyFile)
	createSealed(t, db, keys, 3)
	auditLog := audit.New(db.Audit(), keys, nil)
	keyCount := func() int {
		content, err := os.ReadFile(keyFile)
		require.NoError(t, err)
		return strings.Count(strings.TrimSpace(string(content)), "\n") + 1
	}
	one := keyCount()

	result, err := db.RotateKeys(t.Context(), &sqlstore.RotateKeysOptions{KeepOld: true, Audit: auditLog})
	require.NoError(t, err)
	require.Positive(t, result.Reencrypted)
	require.False(t, result.OldKeysDropped)
	require.Equal(t, one+1, keyCount())

	failed := errors.New("the disk is full")
	for _, test := range []struct {
		verify   func(context.Context) (*audit.Verification, error)
		findings int64
		says     string
	}{
		{func(context.Context) (*audit.Verification, error) { return nil, failed }, 0, "the old keys are still needed: the disk is full"},
		{func(context.Context) (*audit.Verification, error) { return &audit.Verification{FindingCount: 2}, nil }, 2, "failed verification (2 findings)"},
	} {
		before := keyCount()
		_, err = db.RotateKeys(t.Context(), &sqlstore.RotateKeysOptions{Audit: auditLog, Verify: test.verify})
		var kept *sqlstore.OldKeysKeptError
		require.ErrorAs(t, err, &kept)
		require.Equal(t, test.findings, kept.Findings)
		require.ErrorContains(t, err, test.says)
		require.Equal(t, test.findings == 0, errors.Is(err, failed))
		require.Equal(t, before+1, keyCount(), "no key is lost")
	}

	result, err = db.RotateKeys(t.Context(), &sqlstore.RotateKeysOptions{Audit: auditLog, Verify: func(ctx context.Context) (*audit.Verification, error) {
		return auditLog.Verify(ctx)
	}})
	require.NoError(t, err)
	require.True(t, result.OldKeysDropped)
	require.Equal(t, one, keyCount())
	require.NoError(t, db.AMIAccounts().EachAccount(t.Context(), func(a *manager.Account) error {
		require.Equal(t, plainSecret, a.Secret.Reveal())
		return nil
	}))
	list, err := auditLog.List(t.Context(), audit.Query{Action: "rotate keys"})
	require.NoError(t, err)
	require.Len(t, list.Items, 6, "two of them failed")
}
