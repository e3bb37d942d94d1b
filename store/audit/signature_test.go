package audit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestEntry_RefreshSignature_verifiesWithoutOldKey(t *testing.T) {
	t.Parallel()
	old, fresh := store.GenerateKey(), store.GenerateKey()
	b := newEnv(t)
	var err error
	b.keyring, err = store.NewKeyring(old)
	require.NoError(t, err)
	b.audit = b.newLog(b.db.Audit())
	records := b.recordHistory(t)

	both, err := store.NewKeyring(fresh, old)
	require.NoError(t, err)
	s := b.copyStore(t)
	for _, e := range s.entries {
		changed, err := (&audit.Entry{Sequence: e.Sequence, Hash: e.Hash, Signature: e.Signature}).RefreshSignature(b.keyring)
		require.NoError(t, err)
		require.False(t, changed)
		changed, err = e.RefreshSignature(both)
		require.NoError(t, err)
		require.True(t, changed)
	}
	changed, err := s.head.RefreshSignature(both)
	require.NoError(t, err)
	require.True(t, changed)
	changed, err = s.head.RefreshSignature(both)
	require.NoError(t, err)
	require.False(t, changed)

	b.keyring, err = store.NewKeyring(fresh)
	require.NoError(t, err)
	require.Empty(t, verify(t, b.newLog(s), records.source()).Findings)
	require.Equal(t, []any{audit.CodeRecordModified, "crm"}, findingCodes(verify(t, b.newLog(s), recordTable{"crm": "crm 3"}.source())))
}

func TestEntry_RefreshSignature_rejectsBadSignature(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	b.recordHistory(t)
	s := b.copyStore(t)
	other, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	var unknown *store.UnknownKeyError
	_, err = s.entries[0].RefreshSignature(other)
	require.ErrorAs(t, err, &unknown)
	_, err = s.head.RefreshSignature(other)
	require.ErrorAs(t, err, &unknown)
	_, err = (&audit.Head{}).RefreshSignature(other)
	require.NoError(t, err)

	s.entries[0].Hash[0]++
	s.entries[0].Signature[0]++ // of no key
	_, err = s.entries[0].RefreshSignature(b.keyring)
	require.ErrorIs(t, err, store.ErrBadSignature)
	s.head.Sequence++
	s.head.Signature = nil
	_, err = s.head.RefreshSignature(b.keyring)
	require.ErrorIs(t, err, store.ErrBadSignature)
}
