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

func TestAPersonChangesThePassword(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			before := h.add(t, person("jane"), goodPassword)
			for _, wrong := range []string{"", "wrong", strings.Repeat("x", 1<<20)} {
				_, err := h.ChangePassword(t.Context(), before.ID, secret(wrong), secret(anotherPassword))
				requireFields(t, err, "current_password: wrong")
				require.Equal(t, "refused change password jane: invalid: current_password (wrong)", h.told(t))
			}
			h.clock.Pass(time.Hour)
			after, err := h.ChangePassword(t.Context(), before.ID, secret(goodPassword), secret(anotherPassword))
			require.NoError(t, err)
			require.NotEqual(t, before.SessionGeneration, after.SessionGeneration)
			require.Equal(t, h.clock.Now(), after.PasswordChangedAt)
			_, err = h.Session(t.Context(), after.ID, after.SessionGeneration)
			require.NoError(t, err, "the session that goes on takes the new generation")
			_, err = h.Session(t.Context(), before.ID, before.SessionGeneration)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
			requireRefused(t, err, credential.WrongPassword)
			h.logIn(t, "jane", anotherPassword)
			h.requireProven(t)
		})
	}
}

// Whoever must change it does not get away with another kind of blank.
func TestAPasswordTypedInAnotherWayIsNoOtherPassword(t *testing.T) {
	t.Parallel()
	h := newService(t)
	const spoken, typed = "vivid otter 73 lantérns", "vivid\u00a0otter 73 lante\u0301rns"
	jane := h.add(t, person("jane"), spoken)
	_, err := h.ChangePassword(t.Context(), jane.ID, secret(spoken), secret(typed))
	requireFields(t, err, "password: unchanged")
	require.Equal(t, "refused change password jane: invalid: password (unchanged)", h.told(t))
}

func TestTheCurrentPasswordCannotBeGuessed(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.add(t, person("jane"), goodPassword)
	held := 0
	for range 50 {
		_, err := h.ChangePassword(from(t, "192.0.2.1"), jane.ID, secret("guess"), secret(anotherPassword))
		if errors.Is(err, store.ErrThrottled) {
			held++
		}
	}
	require.Greater(t, held, 25)
	require.Less(t, len(h.entries(t, audit.Query{Action: "change password"})), 25)
}

// overtaken is a store where something happens just before a transaction.
type overtaken struct {
	userman.Store

	happens func()
}

func (o *overtaken) Atomically(ctx context.Context, fn func(ctx context.Context) error) error {
	if happens := o.happens; happens != nil {
		o.happens = nil
		happens()
	}
	return o.Store.Atomically(ctx, fn)
}

// overtaking returns a service over the same records, before whose next
// transaction something happens.
func (h *house) overtaking(happens func(), with ...func(*userman.Options)) *userman.Service {
	opts := &userman.Options{Audit: h.trail, Clock: h.clock.Now, Argon2: userman.Argon2{Memory: 64, Time: 1, Threads: 1}}
	for _, change := range with {
		change(opts)
	}
	return userman.New(&overtaken{Store: h.store, happens: happens}, opts)
}

func TestAPasswordIsNotChangedByASessionThatEndedMeanwhile(t *testing.T) {
	t.Parallel()
	const third = "a third & unlikely phrase"
	h := newService(t)
	jane := h.add(t, person("jane"), goodPassword)
	late := h.overtaking(func() {
		_, err := h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
		require.NoError(t, err)
	})
	_, err := late.ChangePassword(t.Context(), jane.ID, secret(goodPassword), secret(third))
	require.ErrorIs(t, err, store.ErrConflict)
	h.logIn(t, "jane", anotherPassword)
}

func TestALoginThatWasOvertakenIsRefused(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(t *testing.T, h *house){
		"by a new password": func(t *testing.T, h *house) {
			t.Helper()
			_, err := h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
			require.NoError(t, err)
		},
		"by the end of all sessions": func(t *testing.T, h *house) {
			t.Helper()
			require.NoError(t, h.EndSessions(t.Context(), "jane"))
		},
		"by a deletion": func(t *testing.T, h *house) {
			t.Helper()
			require.NoError(t, h.Delete(t.Context(), "jane"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			h.add(t, person("jane"), goodPassword)
			late := h.overtaking(func() { happens(t, h) })
			_, err := late.Authenticate(t.Context(), attempt("jane", goodPassword))
			requireRefused(t, err, credential.WrongPassword)
			require.Empty(t, h.entries(t, audit.Query{Action: "login", Outcome: audit.Done}))
			h.requireProven(t)
		})
	}
}
