package login_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

func TestVerifyKeepsNoSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.enrol(t)
	before := h.jane(t)
	for range 30 { // more than there are tries: those that are right are given back
		a, err := h.Verify(t.Context(), attempt("jane@example.com", rightPassword), nil)
		require.NoError(t, err, "no code is asked for")
		require.Equal(t, "7", a.ID)
	}
	require.Equal(t, before, h.jane(t))
	require.Empty(t, h.told(t))
	_, err := h.Verify(t.Context(), attempt("jane", "wrong"), nil)
	requireRefused(t, err, credential.WrongPassword)
	require.Equal(t, []string{"refused login Jane: forbidden: wrong_password"}, h.told(t))
}

func TestAThousandAtOnceAreVerified(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	hash := h.jane(t).Credentials.PasswordHash
	for i := range 1000 {
		name := fmt.Sprintf("person%d", i)
		h.records.names[name] = name
		h.records.change(name, func(a *login.Account) {
			*a = login.Account{ID: name, Name: name, Credentials: credential.Set{PasswordHash: hash}}
		})
	}
	for _, err := range together(1000, func(i int) error {
		one := attempt(fmt.Sprintf("person%d", i), rightPassword)
		one.Source = "service:xmpp/" + one.Username
		_, err := h.Verify(t.Context(), one, nil)
		return err
	}) {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1000, h.hashing.all.Load())
	require.LessOrEqual(t, h.hashing.most.Load(), int64(2), "as many as the hasher lets compute at once")
}

func TestAServiceIsASourceForEachOfItsPeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, "8", "joan")
	try := func(name, password string) error {
		one := attempt(name, password)
		one.Source = "service:xmpp/" + name
		_, err := h.Verify(t.Context(), one, nil)
		return err
	}
	var err error
	for range 30 {
		err = try("jane", "wrong")
	}
	require.ErrorIs(t, err, store.ErrThrottled)
	require.NoError(t, try("joan", rightPassword))
	requireRefused(t, try("hunter2", "hunter2"), credential.WrongPassword)
	for _, e := range h.entries(t, audit.Query{}) {
		require.Equal(t, "service:xmpp", e.Actor.Source, "what was typed as a name is not kept")
	}
}

func TestAPasswordThatIsKeptElsewhereIsAskedForThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var shown []string
	down := false
	h.records.change("7", func(a *login.Account) {
		a.Check = func(_ context.Context, password store.Secret) (bool, error) {
			shown = append(shown, password.Reveal())
			if down {
				return false, errors.New("the directory does not answer")
			}
			return password.Reveal() == "theirs", nil
		}
	})
	verify := func(password string) error {
		h.hashing.all.Store(0)
		_, err := h.Verify(t.Context(), attempt("jane", password), nil)
		require.EqualValues(t, 1, h.hashing.all.Load(), "it takes as long as any")
		return err
	}
	require.NoError(t, verify("theirs"))
	requireRefused(t, verify(rightPassword), credential.WrongPassword)
	requireRefused(t, verify(""), credential.WrongPassword)
	require.Equal(t, []string{"theirs", rightPassword}, shown, "an empty password is right for some directories")
	_, err := h.Authenticate(t.Context(), attempt("jane", "theirs"), nil)
	require.NoError(t, err)
	down = true
	require.ErrorContains(t, verify("theirs"), "does not answer")
	require.Equal(t, "failed login Jane: failed", h.told(t)[0])
	require.Empty(t, h.entries(t, audit.Query{Action: "rehash"}))
}

func TestWhoeverGuessesIsSlowedAndTheRightOwnerGetsIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	done, err := h.Authenticate(t.Context(), attempt("jane", rightPassword), nil)
	require.NoError(t, err)
	guess := func(name, source string) error {
		one := attempt(name, "guess")
		one.Source = source
		_, err := h.Verify(t.Context(), one, nil)
		return err
	}
	// One source, whatever it tries.
	for i := range 10 {
		requireRefused(t, guess(fmt.Sprintf("nobody%d", i), "203.0.113.9"), credential.WrongPassword)
	}
	require.ErrorIs(t, guess("jane", "203.0.113.9"), store.ErrThrottled)
	// One person from many sources, by all the names of that person.
	for i := range 20 {
		name := []string{"jane", "jane@example.com"}[i%2]
		requireRefused(t, guess(name, fmt.Sprintf("198.51.100.%d", i)), credential.WrongPassword)
	}
	require.ErrorIs(t, guess("jane@example.com", "198.51.100.99"), store.ErrThrottled)
	before := len(h.told(t))
	require.ErrorIs(t, guess("jane", "198.51.100.98"), store.ErrThrottled)
	require.Len(t, h.told(t), before, "only the first that is held up is worth a line")
	// A device that is known has tries of its own.
	own := attempt("jane", rightPassword)
	own.Device = done.Device
	_, err = h.Authenticate(t.Context(), own, nil)
	require.NoError(t, err)
	own.Password = secret("guess")
	for range 10 {
		_, err = h.Authenticate(t.Context(), own, nil)
		requireRefused(t, err, credential.WrongPassword)
	}
	_, err = h.Authenticate(t.Context(), own, nil)
	require.ErrorIs(t, err, store.ErrThrottled)
}

func TestTriesWithANameThatNobodyHasCountForNobodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.records.change("7", func(a *login.Account) { a.Name = "acme/Jane" })
	sources := 0
	guess := func(name string) error {
		sources++
		source := fmt.Sprintf("198.51.100.%d", sources)
		_, err := h.Verify(t.Context(), credential.Attempt{Username: name, Password: secret("guess"), Source: source}, nil)
		return err
	}
	for _, name := range []string{"acme/jane", "joan", "\x00acme/jane"} {
		for range throttle.UserTries {
			requireRefused(t, guess(name), credential.WrongPassword)
		}
		require.ErrorIs(t, guess(name), store.ErrThrottled)
	}
	requireRefused(t, guess("jane"), credential.WrongPassword)
}

func TestTheOwnPasswordIsProvenWhateverStrangersTry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i := range 40 {
		_, _ = h.Verify(t.Context(), credential.Attempt{Username: "jane", Source: fmt.Sprintf("198.51.100.%d", i)}, nil)
	}
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Person, Name: "Jane", Source: "192.0.2.1"})
	require.NoError(t, h.Own(ctx, "change password", h.jane(t), secret(rightPassword)))
	strangers := len(h.told(t))
	for range 10 {
		err := h.Own(ctx, "change password", h.jane(t), secret("wrong"))
		invalid, ok := errors.AsType[*store.InvalidError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, "current_password", invalid.Fields[0].Field)
	}
	for range 3 {
		require.ErrorIs(t, h.Own(ctx, "change password", h.jane(t), secret(rightPassword)), store.ErrThrottled)
	}
	told := h.entries(t, audit.Query{})[:len(h.told(t))-strangers]
	require.Len(t, told, 11, "of those that are held up only the first")
	require.Equal(t, "throttled", told[0].Reason)
	require.Equal(t, "invalid: current_password (wrong)", told[1].Reason)
	for _, e := range told {
		require.Equal(t, audit.Actor{Kind: audit.Person, Name: "Jane", Source: "192.0.2.1"}, e.Actor)
		require.Equal(t, "change password", e.Action)
		require.Equal(t, "Jane", e.Key)
	}
}
