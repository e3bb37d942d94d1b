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

// together are the rules of transactions over several resources.
func together() []rule {
	return []rule{
		{"a transaction keeps what it wrote to all resources", allCommitted},
		{"a transaction that fails keeps nothing in any resource", allRolledBack},
		{"nobody else sees what a transaction wrote to any resource", allIsolated},
		{"each resource begins transactions too", begunByEach},
		{"a refusal of one resource leaves the others", refusalLeavesOthers},
		{"an ended context stops every call of every resource", endedEverywhere},
		{"a transaction whose context ends keeps nothing in any resource", endedTogether},
	}
}

// writeTogether writes to every resource: it creates, changes and deletes what
// prepareTogether made.
func writeTogether(ctx context.Context, b Backend) error {
	e := entry(2)
	_, err := b.Vault().ForgetExpired(ctx, noon())
	return errors.Join(
		err,
		b.Administrators().CreateAdministrator(ctx, person("jane")),
		b.Administrators().UpdateAdministrator(ctx, "changed", endSessions),
		b.Administrators().DeleteAdministrator(ctx, "old"),
		b.Managers().CreateUser(ctx, account("crm")),
		writePeople(ctx, b.People("")),
		b.Audit().AppendEntry(ctx, e, headOf(e)),
		b.Vault().Keep(ctx, "session", "new", []byte("value"), noon().Add(time.Hour)),
		b.Vault().Keep(ctx, "session", "changed", []byte("changed"), noon().Add(time.Hour)),
		b.Vault().Forget(ctx, "session", "old"),
	)
}

func prepareTogether(t *testing.T, b Backend) {
	t.Helper()
	employ(t, b, "old", "changed")
	preparePeople(t, b.People(""))
	record(t, b, 1)
	keep(t, b, "old", "value")
	keep(t, b, "changed", "value")
	require.NoError(t, b.Vault().Keep(t.Context(), "session", "expired", nil, noon()))
}

func requireUnwrittenTogether(t *testing.T, b Backend) {
	t.Helper()
	require.Equal(t, []string{"changed", "old"}, employed(t, b))
	requirePerson(t, b, person("changed"))
	requirePeopleUnwritten(t, b.People(""))
	require.Empty(t, stored(t, b))
	require.Equal(t, upTo(1), recorded(t, b))
	requireHead(t, b, headOf(entry(1)))
	requireKept(t, b, "old", "value")
	requireKept(t, b, "changed", "value")
	requireNotKept(t, b, "session", "new", noon())
	_, err := b.Vault().Kept(t.Context(), "session", "expired", noon().Add(-time.Second))
	require.NoError(t, err)
}

func requireWrittenTogether(t *testing.T, b Backend) {
	t.Helper()
	require.Equal(t, []string{"changed", "jane"}, employed(t, b))
	changed := person("changed")
	changed.SessionGeneration = 1
	requirePerson(t, b, changed)
	requirePeopleWritten(t, b.People(""))
	require.Equal(t, []string{"crm"}, stored(t, b))
	require.Equal(t, upTo(2), recorded(t, b))
	requireHead(t, b, headOf(entry(2)))
	requireKept(t, b, "new", "value")
	requireKept(t, b, "changed", "changed")
	for _, gone := range []string{"old", "expired"} {
		requireNotKept(t, b, "session", gone, time.Time{})
	}
}

func allCommitted(t *testing.T, b Backend) {
	prepareTogether(t, b)
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error { return writeTogether(ctx, b) }))
	requireWrittenTogether(t, b)
}

func allRolledBack(t *testing.T, b Backend) {
	prepareTogether(t, b)
	refusal := errors.New("refused")
	require.Same(t, refusal, b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeTogether(ctx, b))
		return refusal
	}))
	requireUnwrittenTogether(t, b)
	require.PanicsWithValue(t, "boom", func() {
		_ = b.Atomically(t.Context(), func(ctx context.Context) error {
			require.NoError(t, writeTogether(ctx, b))
			panic("boom")
		})
	})
	requireUnwrittenTogether(t, b)
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error { return writeTogether(ctx, b) }))
	requireWrittenTogether(t, b)
}

func allIsolated(t *testing.T, b Backend) {
	prepareTogether(t, b)
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeTogether(ctx, b))
		requireUnwrittenTogether(t, b)
		a, err := b.Administrators().Administrator(ctx, "jane")
		require.NoError(t, err)
		requireSamePerson(t, person("jane"), a)
		head, err := b.Audit().Head(ctx)
		require.NoError(t, err)
		require.Equal(t, headOf(entry(2)), head)
		list, err := b.Audit().ListEntries(ctx, audit.Query{})
		require.NoError(t, err)
		require.Equal(t, []int64{2, 1}, sequencesOf(list.Items))
		value, err := b.Vault().Kept(ctx, "session", "changed", noon())
		require.NoError(t, err)
		require.Equal(t, "changed", string(value))
		_, err = b.Vault().Kept(ctx, "session", "old", noon())
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	}))
	requireWrittenTogether(t, b)
}

func begunByEach(t *testing.T, b Backend) {
	prepareTogether(t, b)
	refusal := errors.New("refused")
	for _, transactor := range []store.Transactor{b.Administrators(), b.Audit(), b.Managers(), b.People("acme"), b.Vault()} {
		require.Same(t, refusal, transactor.Atomically(t.Context(), func(ctx context.Context) error {
			require.NoError(t, b.Atomically(ctx, func(ctx context.Context) error { return writeTogether(ctx, b) }))
			return refusal
		}))
		requireUnwrittenTogether(t, b)
	}
	require.NoError(t, b.Vault().Atomically(t.Context(), func(ctx context.Context) error { return writeTogether(ctx, b) }))
	requireWrittenTogether(t, b)
}

func refusalLeavesOthers(t *testing.T, b Backend) {
	prepareTogether(t, b)
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		requireUsernameTaken(t, b.Administrators().CreateAdministrator(ctx, person("OLD")))
		e := entry(1)
		requireSequenceTaken(t, b.Audit().AppendEntry(ctx, e, audit.Head{Sequence: 99}))
		requireInvalid(t, b.Vault().Keep(ctx, "session", "large", make([]byte, store.MaxVaultValue+1), noon()), "value")
		require.Error(t, b.Administrators().UpdateAdministrator(ctx, "changed", func(a *ampusers.Administrator) error {
			a.Access = ampusers.Full
			return errors.New("refused")
		}))
		return writeTogether(ctx, b)
	}))
	requireWrittenTogether(t, b)
}

func endedEverywhere(t *testing.T, b Backend) {
	prepareTogether(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	called := false
	_, administratorErr := b.Administrators().Administrator(ctx, "old")
	_, invitedErr := b.Administrators().InvitedAdministrator(ctx, []byte("hash"))
	_, administratorsErr := b.Administrators().ListAdministrators(ctx, ampusers.Query{})
	_, headErr := b.Audit().Head(ctx)
	_, entriesErr := b.Audit().ListEntries(ctx, audit.Query{})
	_, keptErr := b.Vault().Kept(ctx, "session", "old", noon())
	_, expiredErr := b.Vault().ForgetExpired(ctx, noon())
	for call, err := range map[string]error{
		"Administrator": administratorErr, "InvitedAdministrator": invitedErr, "ListAdministrators": administratorsErr,
		"CreateAdministrator": b.Administrators().CreateAdministrator(ctx, person("jane")),
		"UpdateAdministrator": b.Administrators().UpdateAdministrator(ctx, "old", func(*ampusers.Administrator) error { called = true; return nil }),
		"DeleteAdministrator": b.Administrators().DeleteAdministrator(ctx, "old"),
		"EachAdministrator":   b.Administrators().EachAdministrator(ctx, func(*ampusers.Administrator) error { called = true; return nil }),
		"Head":                headErr, "ListEntries": entriesErr,
		"AppendEntry": b.Audit().AppendEntry(ctx, entry(2), headOf(entry(2))),
		"EachEntry":   b.Audit().EachEntry(ctx, func(*audit.Entry) error { called = true; return nil }),
		"Kept":        keptErr, "ForgetExpired": expiredErr,
		"Keep":   b.Vault().Keep(ctx, "session", "new", nil, noon().Add(time.Hour)),
		"Forget": b.Vault().Forget(ctx, "session", "old"),
	} {
		require.ErrorIs(t, err, context.Canceled, call)
	}
	requirePeopleEnded(ctx, t, b.People(""))
	require.False(t, called)
	requireUnwrittenTogether(t, b)
}

func endedTogether(t *testing.T, b Backend) {
	prepareTogether(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, b.Atomically(ctx, func(ctx context.Context) error {
		require.NoError(t, writeTogether(ctx, b))
		cancel()
		require.ErrorIs(t, b.Managers().UpdateUser(ctx, "crm", func(*manager.User) error { return nil }), context.Canceled)
		require.ErrorIs(t, b.Vault().Keep(ctx, "session", "new", nil, noon()), context.Canceled)
		require.ErrorIs(t, b.Audit().AppendEntry(ctx, entry(3), audit.Head{}), context.Canceled)
		require.ErrorIs(t, b.Administrators().DeleteAdministrator(ctx, "jane"), context.Canceled)
		require.ErrorIs(t, b.People("").DeleteUser(ctx, idOf("jane")), context.Canceled)
		return nil
	}), context.Canceled)
	requireUnwrittenTogether(t, b)
}
