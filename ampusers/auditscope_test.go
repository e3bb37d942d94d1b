package ampusers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
)

// readableEntries returns the entries about an administrator that actor may read.
func (h *env) readableEntries(t testing.TB, actor, username string) (readable []*audit.Entry, all int) {
	t.Helper()
	inScope, err := h.ForActor(actor).AuditScope(t.Context())
	require.NoError(t, err)
	entries := h.auditEntries(t, audit.Query{Key: username})
	for _, e := range entries {
		if inScope(e) {
			readable = append(readable, e)
		}
	}
	return readable, len(entries)
}

func TestService_AuditScope_requiresCoveredAdministrators(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	_, err := h.ForActor("jane").Get(t.Context(), "boss")
	require.ErrorIs(t, err, store.ErrForbidden, "a denial, whose entry shows no record")
	for _, username := range []string{"boss", "joan"} {
		readable, all := h.readableEntries(t, "jane", username)
		require.Empty(t, readable, username)
		require.NotZero(t, all)
	}
	for _, pair := range [][2]string{{"jane", "jim"}, {"jane", "jane"}, {"jim", "jim"}, {"boss", "joan"}, {"boss", "boss"}} {
		readable, all := h.readableEntries(t, pair[0], pair[1])
		require.Len(t, readable, all, pair)
		require.NotZero(t, all)
	}
	inScope, err := h.AuditScope(t.Context())
	require.NoError(t, err)
	require.True(t, inScope(h.auditEntries(t, audit.Query{Key: "boss"})[0]), "without an actor")
	require.False(t, inScope(&audit.Entry{Kind: "user", Key: "boss"}))
}

func TestService_AuditScope_hidesEarlierAndLaterRights(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	promote := func(access ampusers.AccessLevel) {
		_, err := h.Update(t.Context(), "jim", func(a *ampusers.Administrator) error {
			a.Access, a.Sections, a.Extensions, a.DIDs, a.Teams = access, nil, scope.Ranges{}, scope.Ranges{}, nil
			if access == ampusers.Limited {
				a.Sections, a.Extensions, a.DIDs, a.Teams = []string{"managers"}, mustRanges(t, "150"), mustRanges(t, "5550"), []string{"acme"}
			}
			return nil
		})
		require.NoError(t, err)
	}
	promote(ampusers.Full)
	readable, _ := h.readableEntries(t, "jane", "jim")
	require.Empty(t, readable, "jim has full access now")
	promote(ampusers.Limited)
	readable, all := h.readableEntries(t, "jane", "jim")
	require.Equal(t, 3, all)
	require.Len(t, readable, 1, "not the promotion, nor its end")
	require.Equal(t, "create", readable[0].Action)
}

func TestService_AuditScope_deletedAdministratorsNeedRecord(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	for _, username := range []string{"jim", "joan"} {
		require.Error(t, errOf(h.Update(t.Context(), username, func(*ampusers.Administrator) error { return store.ErrConflict })))
		require.NoError(t, h.Delete(t.Context(), username))
	}
	readable, all := h.readableEntries(t, "jane", "jim")
	require.Equal(t, 3, all)
	require.Len(t, readable, 2, "the denied update shows no record")
	readable, _ = h.readableEntries(t, "jane", "joan")
	require.Empty(t, readable)
	inScope, err := h.ForActor("jane").AuditScope(t.Context())
	require.NoError(t, err)
	require.False(t, inScope(&audit.Entry{Kind: readableKind, Key: "nobody"}))
	require.False(t, inScope(&audit.Entry{Kind: readableKind, After: []byte("?")}))
}

func TestService_AuditScope_separatesAdministratorsOfSameName(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	_, err := h.ForActor("jane").Get(t.Context(), "joan")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.NoError(t, h.Delete(t.Context(), "joan"))
	h.clock.Advance(time.Hour)
	h.createAdministrator(t, &ampusers.Administrator{Username: "joan", Sections: []string{"managers"}, Extensions: mustRanges(t, "150"), DIDs: mustRanges(t, "5550"), Teams: []string{"acme"}}, goodPassword)
	readable, all := h.readableEntries(t, "jane", "joan")
	require.Equal(t, 4, all)
	require.Len(t, readable, 1, "the one about the new administrator")
}

func TestService_AuditScope_rejectsDisabledActor(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	require.NoError(t, errOf(h.Disable(t.Context(), "jane")))
	_, err := h.ForActor("jane").AuditScope(t.Context())
	require.ErrorIs(t, err, store.ErrForbidden)
}

// readableKind is the kind of the entries.
const readableKind = "administrator"

func errOf[T any](_ T, err error) error { return err }
