package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

func TestAuthenticator_Verify_createsNoSession(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	h.enrollTOTP(t)
	before := h.jane(t)
	for range 30 { // more than the limit: successes are refunded
		a, err := h.Verify(t.Context(), newLoginAttempt("jane@example.com", rightPassword), nil)
		require.NoError(t, err, "no code is asked for")
		require.Equal(t, "7", a.ID)
	}
	require.Equal(t, before, h.jane(t))
	require.Empty(t, h.auditLines(t))
	_, err := h.Verify(t.Context(), newLoginAttempt("jane", "wrong"), nil)
	requireLoginError(t, err, credential.InvalidCredentials)
	require.Equal(t, []string{"denied login Jane: forbidden: invalid_credentials"}, h.auditLines(t))
}

func TestAuthenticator_Verify_handlesThousandConcurrently(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	hash := h.jane(t).Credentials.PasswordHash
	for i := range 1000 {
		name := fmt.Sprintf("user%d", i)
		h.accounts.idsByLogin[name] = name
		h.accounts.update(name, func(a *auth.Account) {
			*a = auth.Account{ID: name, Name: name, Credentials: credential.Credentials{PasswordHash: hash}}
		})
	}
	for _, err := range runConcurrently(1000, func(i int) error {
		one := newLoginAttempt(fmt.Sprintf("user%d", i), rightPassword)
		one.RemoteAddr, one.Service = netip.Addr{}, "xmpp"
		_, err := h.Verify(t.Context(), one, nil)
		return err
	}) {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1000, h.hashes.total.Load())
	require.LessOrEqual(t, h.hashes.peak.Load(), int64(2), "as many as the hasher lets compute at once")
}

func TestAuthenticator_Verify_limitsServiceUsersSeparately(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	h.addAccount(t, "8", "joan")
	verify := func(name, password string) error {
		one := newLoginAttempt(name, password)
		one.RemoteAddr, one.Service = netip.Addr{}, "xmpp"
		_, err := h.Verify(t.Context(), one, nil)
		return err
	}
	var err error
	for range 30 {
		err = verify("jane", "wrong")
	}
	require.ErrorIs(t, err, store.ErrRateLimited)
	require.NoError(t, verify("joan", rightPassword))
	requireLoginError(t, verify("hunter2", "hunter2"), credential.InvalidCredentials)
	for _, e := range h.auditEntries(t, audit.Query{}) {
		require.Equal(t, "service:xmpp", e.Actor.Origin(), "the typed name is not recorded")
	}
}

func TestAuthenticator_Check_countsAndRecordsNothing(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	require.NoError(t, h.Check(t.Context(), newLoginAttempt("jane@example.com", rightPassword)))
	var err error
	for range 30 {
		if err = h.Check(t.Context(), newLoginAttempt("jane", "wrong")); errors.Is(err, store.ErrRateLimited) {
			break
		}
		requireLoginError(t, err, credential.InvalidCredentials)
	}
	require.ErrorIs(t, err, store.ErrRateLimited)
	require.ErrorIs(t, h.Check(t.Context(), newLoginAttempt("jane", rightPassword)), store.ErrRateLimited)
	require.Empty(t, h.auditLines(t))
	_, err = h.Verify(t.Context(), newLoginAttempt("jane", rightPassword), nil)
	require.ErrorIs(t, err, store.ErrRateLimited, "it is the same limit")
}

func TestAuthenticator_Verify_checksExternalPassword(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	var received []string
	down := false
	h.accounts.update("7", func(a *auth.Account) {
		a.VerifyExternal = func(_ context.Context, password store.Secret) (bool, error) {
			received = append(received, password.Reveal())
			if down {
				return false, errors.New("the directory does not answer")
			}
			return password.Reveal() == "theirs", nil
		}
	})
	verify := func(password string) error {
		h.hashes.total.Store(0)
		_, err := h.Verify(t.Context(), newLoginAttempt("jane", password), nil)
		require.EqualValues(t, 1, h.hashes.total.Load(), "it takes as long as any")
		return err
	}
	require.NoError(t, verify("theirs"))
	requireLoginError(t, verify(rightPassword), credential.InvalidCredentials)
	requireLoginError(t, verify(""), credential.InvalidCredentials)
	require.Equal(t, []string{"theirs", rightPassword}, received, "an empty password is right for some directories")
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", "theirs"), nil)
	require.NoError(t, err)
	for length, asked := range map[int]bool{4096: true, 4097: false} {
		received = nil
		requireLoginError(t, verify(strings.Repeat("x", length)), credential.InvalidCredentials)
		require.Equal(t, asked, len(received) == 1, length)
	}
	down = true
	require.ErrorContains(t, verify("theirs"), "does not answer")
	require.Equal(t, "failed login Jane: failed", h.auditLines(t)[0])
	require.Empty(t, h.auditEntries(t, audit.Query{Action: "rehash"}))
}

func TestAuthenticator_Authenticate_limitsGuessesExceptOnTrustedDevice(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	result, err := h.Authenticate(t.Context(), newLoginAttempt("jane", rightPassword), nil)
	require.NoError(t, err)
	guess := func(name, source string) error {
		one := newLoginAttempt(name, "guess")
		one.RemoteAddr = netip.MustParseAddr(source)
		_, err := h.Verify(t.Context(), one, nil)
		return err
	}
	// One source with any name.
	for i := range 10 {
		requireLoginError(t, guess(fmt.Sprintf("nobody%d", i), "203.0.113.9"), credential.InvalidCredentials)
	}
	require.ErrorIs(t, guess("jane", "203.0.113.9"), store.ErrRateLimited)
	// One user from many sources, by all names of the user.
	for i := range 20 {
		name := []string{"jane", "jane@example.com"}[i%2]
		requireLoginError(t, guess(name, fmt.Sprintf("198.51.100.%d", i)), credential.InvalidCredentials)
	}
	require.ErrorIs(t, guess("jane@example.com", "198.51.100.99"), store.ErrRateLimited)
	before := len(h.auditLines(t))
	require.ErrorIs(t, guess("jane", "198.51.100.98"), store.ErrRateLimited)
	require.Len(t, h.auditLines(t), before, "only the first that is held up is worth a line")
	// A trusted device has attempts of its own.
	own := newLoginAttempt("jane", rightPassword)
	own.DeviceToken = result.DeviceToken
	_, err = h.Authenticate(t.Context(), own, nil)
	require.NoError(t, err)
	own.Password = secret("guess")
	for range 10 {
		_, err = h.Authenticate(t.Context(), own, nil)
		requireLoginError(t, err, credential.InvalidCredentials)
	}
	_, err = h.Authenticate(t.Context(), own, nil)
	require.ErrorIs(t, err, store.ErrRateLimited)
}

// A service that asks for users outside its scope does not limit the service that has
// them.
func TestAuthenticator_Verify_countsOutOfScopeSeparately(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	attempt := newLoginAttempt("jane", rightPassword)
	attempt.RemoteAddr, attempt.Service = netip.Addr{}, "xmpp"
	h.accounts.outOfScope = map[string]bool{"7": true}
	var err error
	for range ratelimit.SourceBurst + 1 {
		_, err = h.Verify(t.Context(), attempt, nil)
	}
	require.ErrorIs(t, err, store.ErrRateLimited)
	h.accounts.outOfScope = nil
	_, err = h.Verify(t.Context(), attempt, nil)
	require.NoError(t, err)
}

func TestAuthenticator_Verify_countsUnknownUsernamesSeparately(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	h.accounts.update("7", func(a *auth.Account) { a.Name = "acme/Jane" })
	sources := 0
	guess := func(name string) error {
		sources++
		source := fmt.Sprintf("198.51.100.%d", sources)
		_, err := h.Verify(t.Context(), credential.LoginAttempt{Username: name, Password: secret("guess"), RemoteAddr: netip.MustParseAddr(source)}, nil)
		return err
	}
	for _, name := range []string{"acme/jane", "joan", "\x00acme/jane"} {
		for range ratelimit.UserBurst {
			requireLoginError(t, guess(name), credential.InvalidCredentials)
		}
		require.ErrorIs(t, guess(name), store.ErrRateLimited)
	}
	requireLoginError(t, guess("jane"), credential.InvalidCredentials)
}

func TestAuthenticator_VerifyCurrentPassword_unaffectedByLoginGuesses(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	for i := range 40 {
		_, _ = h.Verify(t.Context(), credential.LoginAttempt{Username: "jane", RemoteAddr: netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", i))}, nil)
	}
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.User, Name: "Jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	require.NoError(t, h.VerifyCurrentPassword(ctx, "change password", h.jane(t), secret(rightPassword)))
	strangers := len(h.auditLines(t))
	for range 10 {
		err := h.VerifyCurrentPassword(ctx, "change password", h.jane(t), secret("wrong"))
		invalid, ok := errors.AsType[*store.InvalidError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, "current_password", invalid.Fields[0].Field)
	}
	for range 3 {
		require.ErrorIs(t, h.VerifyCurrentPassword(ctx, "change password", h.jane(t), secret(rightPassword)), store.ErrRateLimited)
	}
	entries := h.auditEntries(t, audit.Query{})[:len(h.auditLines(t))-strangers]
	require.Len(t, entries, 11, "of those that are held up only the first")
	require.Equal(t, "rate_limited", entries[0].Reason)
	require.Equal(t, "invalid: current_password (wrong)", entries[1].Reason)
	for _, e := range entries {
		require.Equal(t, audit.Actor{Kind: audit.User, Name: "Jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")}, e.Actor)
		require.Equal(t, "change password", e.Action)
		require.Equal(t, "Jane", e.Key)
	}
}
