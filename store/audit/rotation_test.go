package audit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestAfterARotationEverythingIsProvenWithoutTheOldKey(t *testing.T) {
	t.Parallel()
	old, fresh := store.GenerateKey(), store.GenerateKey()
	b := setup(t)
	var err error
	b.keyring, err = store.NewKeyring(old)
	require.NoError(t, err)
	b.trail = b.over(b.db.Audit())
	records := b.story(t)

	both, err := store.NewKeyring(fresh, old)
	require.NoError(t, err)
	s := b.tamper(t)
	for _, e := range s.entries {
		changed, err := (&audit.Entry{Sequence: e.Sequence, Hash: e.Hash, Signature: e.Signature}).Resign(b.keyring)
		require.NoError(t, err)
		require.False(t, changed)
		changed, err = e.Resign(both)
		require.NoError(t, err)
		require.True(t, changed)
	}
	changed, err := s.head.Resign(both)
	require.NoError(t, err)
	require.True(t, changed)
	changed, err = s.head.Resign(both)
	require.NoError(t, err)
	require.False(t, changed)

	b.keyring, err = store.NewKeyring(fresh)
	require.NoError(t, err)
	require.Empty(t, verify(t, b.over(s), records.records()).Problems)
	require.Equal(t, []any{audit.CodeRecordDiffers, "crm"}, codes(verify(t, b.over(s), table{"crm": "crm 3"}.records())))
}

func TestARotationDoesNotSignWhatWasForged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.story(t)
	s := b.tamper(t)
	other, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	var unknown *store.UnknownKeyError
	_, err = s.entries[0].Resign(other)
	require.ErrorAs(t, err, &unknown)
	_, err = s.head.Resign(other)
	require.ErrorAs(t, err, &unknown)
	_, err = (&audit.Head{}).Resign(other)
	require.NoError(t, err)

	s.entries[0].Hash[0]++
	s.entries[0].Signature[0]++ // of no key at all
	_, err = s.entries[0].Resign(b.keyring)
	require.ErrorIs(t, err, store.ErrForged)
	s.head.Sequence++
	s.head.Signature = nil
	_, err = s.head.Resign(b.keyring)
	require.ErrorIs(t, err, store.ErrForged)
}
