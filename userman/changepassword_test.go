package userman_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func TestService_ChangePassword_endsOtherSessions(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			before := h.createUser(t, newUser("jane"), goodPassword)
			for _, wrongPassword := range []string{"", "wrong", strings.Repeat("x", 1<<20)} {
				_, err := h.ChangePassword(t.Context(), before.ID, secret(wrongPassword), secret(anotherPassword))
				requireFieldErrors(t, err, "current_password: wrong")
				require.Equal(t, "denied change password jane: invalid: current_password (wrong)", h.lastAuditEntry(t))
			}
			h.clock.Advance(time.Hour)
			after, err := h.ChangePassword(t.Context(), before.ID, secret(goodPassword), secret(anotherPassword))
			require.NoError(t, err)
			require.NotEqual(t, before.SessionEpoch, after.SessionEpoch)
			require.Equal(t, h.clock.Now(), after.PasswordChangedAt)
			_, err = h.Session(t.Context(), after.ID, after.SessionEpoch)
			require.NoError(t, err, "the session that goes on takes the new generation")
			_, err = h.Session(t.Context(), before.ID, before.SessionEpoch)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
			requireLoginError(t, err, credential.InvalidCredentials)
			h.logIn(t, "jane", anotherPassword)
			h.requireAuditIntact(t)
		})
	}
}

// Whoever must change it does not get away with another kind of blank.
func TestService_ChangePassword_rejectsEquivalentPassword(t *testing.T) {
	t.Parallel()
	h := newService(t)
	const spoken, typed = "vivid otter 73 lantérns", "vivid\u00a0otter 73 lante\u0301rns"
	jane := h.createUser(t, newUser("jane"), spoken)
	_, err := h.ChangePassword(t.Context(), jane.ID, secret(spoken), secret(typed))
	requireFieldErrors(t, err, "password: unchanged")
	require.Equal(t, "denied change password jane: invalid: password (unchanged)", h.lastAuditEntry(t))
}

func TestService_ChangePassword_limitsGuesses(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.createUser(t, newUser("jane"), goodPassword)
	rateLimited := 0
	for range 50 {
		_, err := h.ChangePassword(anonymousContext(t, "192.0.2.1"), jane.ID, secret("guess"), secret(anotherPassword))
		if errors.Is(err, store.ErrRateLimited) {
			rateLimited++
		}
	}
	require.Greater(t, rateLimited, 25)
	require.Less(t, len(h.entries(t, audit.Query{Action: "change password"})), 25)
}

// hookStore is a store where something happens just before a transaction.
type hookStore struct {
	userman.Store

	beforeTx func()
}

func (o *hookStore) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if beforeTx := o.beforeTx; beforeTx != nil {
		o.beforeTx = nil
		beforeTx()
	}
	return o.Store.RunInTx(ctx, fn)
}

// withTxHook returns a service over the same records, before whose next
// transaction something happens.
func (h *env) withTxHook(beforeTx func(), configure ...func(*userman.Options)) *userman.Service {
	opts := &userman.Options{Audit: h.auditLog, Clock: h.clock.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1}}
	for _, change := range configure {
		change(opts)
	}
	return userman.New(&hookStore{Store: h.store, beforeTx: beforeTx}, opts)
}

func TestService_ChangePassword_rejectsEndedSession(t *testing.T) {
	t.Parallel()
	const third = "a third & unlikely phrase"
	h := newService(t)
	jane := h.createUser(t, newUser("jane"), goodPassword)
	svc := h.withTxHook(func() {
		_, err := h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
		require.NoError(t, err)
	})
	_, err := svc.ChangePassword(t.Context(), jane.ID, secret(goodPassword), secret(third))
	require.ErrorIs(t, err, store.ErrConflict)
	h.logIn(t, "jane", anotherPassword)
}

func TestService_Authenticate_rejectsConcurrentChange(t *testing.T) {
	t.Parallel()
	for name, beforeTx := range map[string]func(t *testing.T, h *env){
		"by a new password": func(t *testing.T, h *env) {
			t.Helper()
			_, err := h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
			require.NoError(t, err)
		},
		"by the end of all sessions": func(t *testing.T, h *env) {
			t.Helper()
			require.NoError(t, h.EndSessions(t.Context(), "jane"))
		},
		"by a deletion": func(t *testing.T, h *env) {
			t.Helper()
			require.NoError(t, h.Delete(t.Context(), "jane"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			h.createUser(t, newUser("jane"), goodPassword)
			svc := h.withTxHook(func() { beforeTx(t, h) })
			_, err := svc.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
			requireLoginError(t, err, credential.InvalidCredentials)
			require.Empty(t, h.entries(t, audit.Query{Action: "login", Outcome: audit.Succeeded}))
			h.requireAuditIntact(t)
		})
	}
}
