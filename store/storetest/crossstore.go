package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// crossStoreRules are the rules of transactions over several resources.
func crossStoreRules() []rule {
	return []rule{
		{"all_committed", allCommitted},
		{"all_rolled_back", allRolledBack},
		{"all_isolated", allIsolated},
		{"tx_started_by_each_store", txStartedByEachStore},
		{"rejected_write_keeps_others", rejectedWriteKeepsOthers},
		{"canceled_everywhere", canceledEverywhere},
		{"canceled_cross_store", canceledCrossStore},
	}
}

// writeAllStores writes to every resource: it creates, changes and deletes records
// of prepareAllStores.
func writeAllStores(ctx context.Context, b Backend) error {
	e := entry(2)
	_, err := b.TTLStore().DeleteExpired(ctx, noon())
	return errors.Join(
		err,
		b.Administrators().CreateAdministrator(ctx, newAdministrator("jane")),
		b.Administrators().UpdateAdministrator(ctx, "changed", bumpSessionEpoch),
		b.Administrators().DeleteAdministrator(ctx, "old"),
		b.AMIAccounts().CreateAccount(ctx, newAccount("crm")),
		writeUsers(ctx, b.Users(""), b.Tokens("")),
		b.Audit().AppendEntry(ctx, e, headOf(e)),
		b.TTLStore().Put(ctx, "session", "new", []byte("value"), noon().Add(time.Hour)),
		b.TTLStore().Put(ctx, "session", "changed", []byte("changed"), noon().Add(time.Hour)),
		b.TTLStore().Delete(ctx, "session", "old"),
	)
}

func prepareAllStores(t *testing.T, b Backend) {
	t.Helper()
	createAdministrators(t, b, "old", "changed")
	prepareUsers(t, b.Users(""), b.Tokens(""))
	appendEntries(t, b, 1)
	putSession(t, b, "old", "value")
	putSession(t, b, "changed", "value")
	require.NoError(t, b.TTLStore().Put(t.Context(), "session", "expired", nil, noon()))
}

func requireAllUnchanged(t *testing.T, b Backend) {
	t.Helper()
	require.Equal(t, []string{"changed", "old"}, administratorNames(t, b))
	requireAdministrator(t, b, newAdministrator("changed"))
	requireUsersUnchanged(t, b.Users(""), b.Tokens(""))
	require.Empty(t, accountNames(t, b))
	require.Equal(t, sequencesUpTo(1), allSequences(t, b))
	requireHead(t, b, headOf(entry(1)))
	requireValue(t, b, "old", "value")
	requireValue(t, b, "changed", "value")
	requireNoValue(t, b, "session", "new", noon())
	_, err := b.TTLStore().Get(t.Context(), "session", "expired", noon().Add(-time.Second))
	require.NoError(t, err)
}

func requireAllWritten(t *testing.T, b Backend) {
	t.Helper()
	require.Equal(t, []string{"changed", "jane"}, administratorNames(t, b))
	changed := newAdministrator("changed")
	changed.SessionEpoch = 1
	requireAdministrator(t, b, changed)
	requireUsersWritten(t, b.Users(""), b.Tokens(""))
	require.Equal(t, []string{"crm"}, accountNames(t, b))
	require.Equal(t, sequencesUpTo(2), allSequences(t, b))
	requireHead(t, b, headOf(entry(2)))
	requireValue(t, b, "new", "value")
	requireValue(t, b, "changed", "changed")
	for _, missing := range []string{"old", "expired"} {
		requireNoValue(t, b, "session", missing, time.Time{})
	}
}

func allCommitted(t *testing.T, b Backend) {
	prepareAllStores(t, b)
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error { return writeAllStores(ctx, b) }))
	requireAllWritten(t, b)
}

func allRolledBack(t *testing.T, b Backend) {
	prepareAllStores(t, b)
	errAbort := errors.New("aborted")
	require.Same(t, errAbort, b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeAllStores(ctx, b))
		return errAbort
	}))
	requireAllUnchanged(t, b)
	require.PanicsWithValue(t, "boom", func() {
		_ = b.RunInTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, writeAllStores(ctx, b))
			panic("boom")
		})
	})
	requireAllUnchanged(t, b)
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error { return writeAllStores(ctx, b) }))
	requireAllWritten(t, b)
}

func allIsolated(t *testing.T, b Backend) {
	prepareAllStores(t, b)
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeAllStores(ctx, b))
		requireAllUnchanged(t, b)
		a, err := b.Administrators().Administrator(ctx, "jane")
		require.NoError(t, err)
		requireSameAdministrator(t, newAdministrator("jane"), a)
		head, err := b.Audit().Head(ctx)
		require.NoError(t, err)
		require.Equal(t, headOf(entry(2)), head)
		list, err := b.Audit().ListEntries(ctx, audit.Query{})
		require.NoError(t, err)
		require.Equal(t, []int64{2, 1}, sequencesOf(list.Items))
		value, err := b.TTLStore().Get(ctx, "session", "changed", noon())
		require.NoError(t, err)
		require.Equal(t, "changed", string(value))
		_, err = b.TTLStore().Get(ctx, "session", "old", noon())
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	}))
	requireAllWritten(t, b)
}

func txStartedByEachStore(t *testing.T, b Backend) {
	prepareAllStores(t, b)
	errAbort := errors.New("aborted")
	for _, transactor := range []store.Transactor{b.Administrators(), b.Audit(), b.AMIAccounts(), b.Users("acme"), b.TTLStore()} {
		require.Same(t, errAbort, transactor.RunInTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, b.RunInTx(ctx, func(ctx context.Context) error { return writeAllStores(ctx, b) }))
			return errAbort
		}))
		requireAllUnchanged(t, b)
	}
	require.NoError(t, b.TTLStore().RunInTx(t.Context(), func(ctx context.Context) error { return writeAllStores(ctx, b) }))
	requireAllWritten(t, b)
}

func rejectedWriteKeepsOthers(t *testing.T, b Backend) {
	prepareAllStores(t, b)
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		requireUsernameExists(t, b.Administrators().CreateAdministrator(ctx, newAdministrator("OLD")))
		e := entry(1)
		requireSequenceExists(t, b.Audit().AppendEntry(ctx, e, audit.Head{Sequence: 99}))
		requireInvalid(t, b.TTLStore().Put(ctx, "session", "large", make([]byte, store.MaxValueSize+1), noon()), "value")
		require.Error(t, b.Administrators().UpdateAdministrator(ctx, "changed", func(a *ampusers.Administrator) error {
			a.Access = ampusers.Full
			return errors.New("aborted")
		}))
		return writeAllStores(ctx, b)
	}))
	requireAllWritten(t, b)
}

func canceledEverywhere(t *testing.T, b Backend) {
	prepareAllStores(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	called := false
	_, administratorErr := b.Administrators().Administrator(ctx, "old")
	_, invitedErr := b.Administrators().AdministratorByInvitation(ctx, []byte("hash"))
	_, administratorsErr := b.Administrators().ListAdministrators(ctx, ampusers.Query{})
	_, headErr := b.Audit().Head(ctx)
	_, entriesErr := b.Audit().ListEntries(ctx, audit.Query{})
	_, getErr := b.TTLStore().Get(ctx, "session", "old", noon())
	_, expiredErr := b.TTLStore().DeleteExpired(ctx, noon())
	for call, err := range map[string]error{
		"Administrator": administratorErr, "InvitedAdministrator": invitedErr, "ListAdministrators": administratorsErr,
		"CreateAdministrator": b.Administrators().CreateAdministrator(ctx, newAdministrator("jane")),
		"UpdateAdministrator": b.Administrators().UpdateAdministrator(ctx, "old", func(*ampusers.Administrator) error { called = true; return nil }),
		"DeleteAdministrator": b.Administrators().DeleteAdministrator(ctx, "old"),
		"EachAdministrator":   b.Administrators().EachAdministrator(ctx, func(*ampusers.Administrator) error { called = true; return nil }),
		"Head":                headErr, "ListEntries": entriesErr,
		"AppendEntry": b.Audit().AppendEntry(ctx, entry(2), headOf(entry(2))),
		"EachEntry":   b.Audit().EachEntry(ctx, func(*audit.Entry) error { called = true; return nil }),
		"Kept":        getErr, "ForgetExpired": expiredErr,
		"Keep":   b.TTLStore().Put(ctx, "session", "new", nil, noon().Add(time.Hour)),
		"Forget": b.TTLStore().Delete(ctx, "session", "old"),
	} {
		require.ErrorIs(t, err, context.Canceled, call)
	}
	requireUserCallsCanceled(ctx, t, b.Users(""), b.Tokens(""))
	require.False(t, called)
	requireAllUnchanged(t, b)
}

func canceledCrossStore(t *testing.T, b Backend) {
	prepareAllStores(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, b.RunInTx(ctx, func(ctx context.Context) error {
		require.NoError(t, writeAllStores(ctx, b))
		cancel()
		require.ErrorIs(t, b.AMIAccounts().UpdateAccount(ctx, "crm", func(*manager.Account) error { return nil }), context.Canceled)
		require.ErrorIs(t, b.TTLStore().Put(ctx, "session", "new", nil, noon()), context.Canceled)
		require.ErrorIs(t, b.Audit().AppendEntry(ctx, entry(3), audit.Head{}), context.Canceled)
		require.ErrorIs(t, b.Administrators().DeleteAdministrator(ctx, "jane"), context.Canceled)
		require.ErrorIs(t, b.Users("").DeleteUser(ctx, idOf("jane")), context.Canceled)
		return nil
	}), context.Canceled)
	requireAllUnchanged(t, b)
}
