package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

func TestAuthenticator_Authenticate_savesAndRecordsLogin(t *testing.T) {
	t.Parallel()
	for _, username := range []string{"jane", " JANE ", "jane@example.com"} {
		t.Run(username, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t)
			result, err := h.Authenticate(t.Context(), newLoginAttempt(username, rightPassword), nil)
			require.NoError(t, err)
			require.Equal(t, "Jane", result.Account.Name)
			require.Equal(t, -1, result.RecoveryCodesLeft)
			require.Len(t, result.DeviceToken.Reveal(), 43)
			require.Equal(t, h.jane(t), result.Account)
			require.Equal(t, h.clock.Now(), result.Account.LastLoginAt)
			require.Equal(t, []credential.TrustedDevice{{TokenHash: auth.HashToken(result.DeviceToken), LastUsedAt: h.clock.Now()}}, result.Account.Credentials.Devices)

			entries := h.auditEntries(t, audit.Query{})
			require.Len(t, entries, 1)
			require.Equal(t, audit.Actor{Kind: audit.User, Name: "Jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")}, entries[0].Actor)
			require.Equal(t, []string{"succeeded login Jane"}, h.auditLines(t))
		})
	}
}

func TestAuthenticator_Authenticate_sameErrorForInvalidCredentials(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	h.addAccount(t, "8", "nopassword")
	h.accounts.update("8", func(a *auth.Account) { a.Credentials = credential.Credentials{} })
	var first error
	for name, guess := range map[string]credential.LoginAttempt{
		"wrong password":     newLoginAttempt("jane", "wrong"),
		"no password given":  newLoginAttempt("jane", ""),
		"unknown":            newLoginAttempt("joan", rightPassword),
		"no password set":    newLoginAttempt("nopassword", rightPassword),
		"nothing typed":      newLoginAttempt("", rightPassword),
		"no name at all":     newLoginAttempt("\x00\xff", rightPassword),
		"a name of 1 MB":     newLoginAttempt(strings.Repeat("jane", 1<<18), rightPassword),
		"a password of 1 MB": newLoginAttempt("jane", strings.Repeat("jane", 1<<18)),
	} {
		h.hashes.total.Store(0)
		_, err := h.Authenticate(t.Context(), guess, nil)
		requireLoginError(t, err, credential.InvalidCredentials)
		require.EqualValues(t, 1, h.hashes.total.Load(), name)
		if first == nil {
			first = err
		}
		require.Equal(t, first, err, name)
	}
	// Some type their password into the field of the username.
	require.Len(t, h.auditEntries(t, audit.Query{}), 8)
	for _, line := range h.auditLines(t) {
		require.Contains(t, []string{
			"denied login : forbidden: invalid_credentials", "denied login Jane: forbidden: invalid_credentials", "denied login nopassword: forbidden: invalid_credentials",
		}, line)
	}
}

// The time of a denied login, as of a service, does not reveal that the account
// exists.
func TestAuthenticator_Authenticate_constantTimeForOutOfScopeAccount(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	h.enrollTOTP(t)
	first := newLoginAttempt("jane", rightPassword)
	first.RemoteAddr = netip.MustParseAddr("192.0.2.2")
	login, err := h.Authenticate(t.Context(), first, nil)
	require.NoError(t, err)
	h.accounts.outOfScope = map[string]bool{"7": true}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for verb, ask := range map[string]func(ctx context.Context, password string) error{
		"Authenticate": func(ctx context.Context, password string) error {
			_, err := h.Authenticate(ctx, newLoginAttempt("jane", password), nil)
			return err
		},
		"Verify": func(ctx context.Context, password string) error {
			_, err := h.Verify(ctx, newLoginAttempt("jane", password), nil)
			return err
		},
	} {
		for _, password := range []string{rightPassword, "wrong", "", strings.Repeat("jane", 1<<18)} {
			h.hashes.total.Store(0)
			err := ask(t.Context(), password)
			_, forbidden := errors.AsType[*store.ForbiddenError](err)
			require.True(t, forbidden, "%s: %v", verb, err)
			require.EqualValues(t, 1, h.hashes.total.Load(), verb)
		}
		require.ErrorIs(t, ask(ended, rightPassword), context.Canceled, "it waits for its turn no longer than its context")
	}
	_, err = h.Confirm(t.Context(), credential.MFAAttempt{Token: login.MFAToken, RemoteAddr: first.RemoteAddr}, nil)
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Empty(t, h.auditLines(t), "that is for the records to tell")
}

func TestAuthenticator_Authenticate_rejectsDamagedHash(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	h.accounts.update("7", func(a *auth.Account) { a.Credentials.PasswordHash = secret("$argon2id$damaged") })
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", rightPassword), nil)
	requireLoginError(t, err, credential.InvalidCredentials)
}

func TestAuthenticator_Authenticate_revealsDisabledOnlyWithPassword(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	h.enrollTOTP(t)
	pending := h.mfaAttempt(t)
	h.accounts.update("7", func(a *auth.Account) { a.Disabled = true })
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"), nil)
	requireLoginError(t, err, credential.InvalidCredentials)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", rightPassword), nil)
	requireLoginError(t, err, credential.AccountDisabled)
	require.EqualError(t, err, "this user is disabled; ask an administrator")
	_, err = h.Verify(t.Context(), newLoginAttempt("jane", rightPassword), nil)
	requireLoginError(t, err, credential.AccountDisabled)
	_, err = h.Confirm(t.Context(), pending, nil)
	requireLoginError(t, err, credential.AccountDisabled)
	require.Zero(t, h.jane(t).LastLoginAt)
}

func TestAuthenticator_Authenticate_authorizesAfterPasswordBeforeCode(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	key, _ := h.enrollTOTP(t)
	withCode := h.mfaAttempt(t)
	calls := 0
	authorize := func(_ context.Context, a *auth.Account) error {
		calls++
		require.Equal(t, "7", a.ID)
		return &credential.LoginError{Code: credential.NotAuthorized, Message: "you may not use this; ask an administrator"}
	}
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"), authorize)
	requireLoginError(t, err, credential.InvalidCredentials)
	require.Zero(t, calls)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", rightPassword), authorize)
	requireLoginError(t, err, credential.NotAuthorized)
	require.Equal(t, "denied login Jane: forbidden: not_authorized", h.auditLines(t)[0])
	_, err = h.Verify(t.Context(), newLoginAttempt("jane", rightPassword), authorize)
	requireLoginError(t, err, credential.NotAuthorized)
	withCode.Code = totpCode(t, key, h.clock.Now())
	_, err = h.Confirm(t.Context(), withCode, authorize)
	requireLoginError(t, err, credential.NotAuthorized)
	require.Equal(t, 3, calls)
	_, err = h.Confirm(t.Context(), withCode, nil)
	require.NoError(t, err, "the code is not spent yet")
}

func TestAuthenticator_Authenticate_rehashesOutdatedHash(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(h *env) error{
		"authenticate": func(h *env) error {
			_, err := h.Authenticate(context.Background(), newLoginAttempt("jane", "password"), nil)
			return err
		},
		"verify": func(h *env) error {
			_, err := h.Verify(context.Background(), newLoginAttempt("jane", "password"), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t)
			h.useOutdatedHash()
			require.NoError(t, act(h))
			require.Contains(t, h.jane(t).Credentials.PasswordHash.Reveal(), "$argon2id$")
			rehash := h.auditEntries(t, audit.Query{Action: "rehash"})
			require.Len(t, rehash, 1)
			require.Equal(t, audit.Actor{Kind: audit.System, RemoteAddr: netip.MustParseAddr("192.0.2.1")}, rehash[0].Actor)
			require.NoError(t, act(h))
			require.Len(t, h.auditEntries(t, audit.Query{Action: "rehash"}), 1)
		})
	}
}

// failingRehash cannot save a rehash.
type failingRehash struct{ *fakeAccounts }

func (f failingRehash) Save(ctx context.Context, action string, after *auth.Account) error {
	if action == "rehash" {
		return errors.New("the disk is full")
	}
	return f.fakeAccounts.Save(ctx, action, after)
}

func TestAuthenticator_Verify_failedRehashKeepsLogin(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	h := newEnv(t, func(o *auth.Options) { o.Logger = slog.New(slog.NewTextHandler(&logged, nil)) })
	h.useOutdatedHash()
	before := h.jane(t)
	failing := h.WithAccounts(failingRehash{h.accounts})
	_, err := failing.Verify(t.Context(), newLoginAttempt("jane", "password"), nil)
	require.NoError(t, err)
	require.Equal(t, before, h.jane(t))
	require.Empty(t, h.auditLines(t))
	require.Contains(t, logged.String(), "the disk is full")
	require.NotContains(t, logged.String(), before.Credentials.PasswordHash.Reveal())
	_, err = failing.Authenticate(t.Context(), newLoginAttempt("jane", "password"), nil)
	require.NoError(t, err)

	logged.Reset()
	_, err = h.Verify(t.Context(), newLoginAttempt("jane", "password"), nil)
	require.NoError(t, err)
	require.Empty(t, logged.String())
	require.Len(t, h.auditEntries(t, audit.Query{Action: "rehash"}), 1)
}

func TestAuthenticator_Verify_rehashKeepsConcurrentChange(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	changed := h.jane(t).Credentials.PasswordHash
	h.useOutdatedHash()
	_, err := h.Verify(t.Context(), newLoginAttempt("jane", "password"), func(context.Context, *auth.Account) error {
		h.accounts.update("7", func(a *auth.Account) { a.Credentials.PasswordHash = changed })
		return nil
	})
	require.NoError(t, err)
	require.True(t, h.jane(t).Credentials.PasswordHash.Equal(changed))
	require.Empty(t, h.auditLines(t))
}

func TestAuthenticator_Verify_rehashRejectsConcurrentChange(t *testing.T) {
	t.Parallel()
	for name, test := range concurrentChanges() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t)
			h.useOutdatedHash()
			_, err := h.Verify(t.Context(), newLoginAttempt("jane", "password"), func(context.Context, *auth.Account) error {
				test.happens(h.accounts)
				return nil
			})
			requireLoginError(t, err, test.want)
			require.Equal(t, []string{"denied login Jane: forbidden: " + string(test.want)}, h.auditLines(t))
		})
	}
}

func TestAuthenticator_Authenticate_hashesBeforeTransaction(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	h.useOutdatedHash()
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", "password"), nil)
	require.NoError(t, err)
	require.Len(t, h.auditEntries(t, audit.Query{Action: "rehash"}), 1)
	_, err = h.Verify(t.Context(), newLoginAttempt("jane", "password"), nil)
	require.NoError(t, err)
	require.NoError(t, h.VerifyCurrentPassword(t.Context(), "change password", h.jane(t), secret("password")))
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"), nil)
	requireLoginError(t, err, credential.InvalidCredentials)

	h.addAccount(t, "7", "Jane")
	_, recovery := h.enrollTOTP(t)
	attempt := h.mfaAttempt(t)
	attempt.Code = recovery[0].Reveal()
	_, err = h.Confirm(t.Context(), attempt, nil)
	require.NoError(t, err)
	require.GreaterOrEqual(t, h.hashes.total.Load(), int64(1))
	require.Zero(t, h.hashes.inTx.Load(), "hashes inside a transaction")
}

func TestAuthenticator_Authenticate_acceptsCodeOnceConcurrently(t *testing.T) {
	t.Parallel()
	for name, pick := range map[string]func(t *testing.T, h *env) string{
		"of the app": func(t *testing.T, h *env) string {
			t.Helper()
			key, _ := h.enrollTOTP(t)
			return totpCode(t, key, h.clock.Now())
		},
		"of recovery": func(t *testing.T, h *env) string {
			t.Helper()
			_, recovery := h.enrollTOTP(t)
			return recovery[3].Reveal()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t)
			withCode := newLoginAttempt("jane", rightPassword)
			withCode.Code = pick(t, h)
			errs := runConcurrently(2, func(i int) error {
				mine := withCode
				mine.RemoteAddr = netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", i+1))
				_, err := h.Authenticate(t.Context(), mine, nil)
				return err
			})
			if errs[0] != nil {
				errs[0], errs[1] = errs[1], errs[0]
			}
			require.NoError(t, errs[0])
			requireLoginError(t, errs[1], credential.InvalidMFACode)
			require.Len(t, h.auditEntries(t, audit.Query{Action: "login", Outcome: audit.Succeeded}), 1)
		})
	}
}

func TestAuthenticator_Confirm_completesLogin(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	key, recovery := h.enrollTOTP(t)
	withCode := h.mfaAttempt(t)
	require.Empty(t, h.auditLines(t), "a missing code is not recorded")

	forged := withCode
	forged.Code, forged.Token = recovery[0].Reveal(), secret(strings.Repeat("A", 43))
	_, err := h.Confirm(t.Context(), forged, nil)
	requireLoginError(t, err, credential.InvalidCredentials)
	withCode.Code = recovery[0].Reveal()
	result, err := h.Confirm(t.Context(), withCode, nil)
	require.NoError(t, err)
	require.Equal(t, 9, result.RecoveryCodesLeft)
	require.False(t, result.MFARequired())

	second := h.mfaAttempt(t)
	second.Code = recovery[0].Reveal()
	_, err = h.Confirm(t.Context(), second, nil)
	requireLoginError(t, err, credential.InvalidMFACode)
	second.Code = strings.Repeat("1", 1<<20)
	_, err = h.Confirm(t.Context(), second, nil)
	requireLoginError(t, err, credential.InvalidMFACode)
	second.Code = ""
	_, err = h.Confirm(t.Context(), second, nil)
	requireLoginError(t, err, credential.InvalidMFACode)
	second.Code = totpCode(t, key, h.clock.Now())
	result, err = h.Confirm(t.Context(), second, nil)
	require.NoError(t, err)
	require.Equal(t, -1, result.RecoveryCodesLeft, "no recovery code was used")
}

func TestAuthenticator_Confirm_limitsInvalidTokensAndRecoveryCodes(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(attempt *credential.MFAAttempt){
		"invalid_token": func(attempt *credential.MFAAttempt) {
			attempt.Token, attempt.Code = secret(strings.Repeat("A", 43)), "123456"
		},
		"recovery_code": func(attempt *credential.MFAAttempt) { attempt.Code = "aaaa-aaaa-aaaa-aaaa" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t)
			h.enrollTOTP(t)
			attempt := h.mfaAttempt(t)
			attempt.RemoteAddr = netip.MustParseAddr("198.51.100.1")
			edit(&attempt)
			for range ratelimit.SourceBurst {
				_, err := h.Confirm(t.Context(), attempt, nil)
				require.ErrorIs(t, err, store.ErrForbidden)
			}
			_, err := h.Confirm(t.Context(), attempt, nil)
			require.ErrorIs(t, err, store.ErrRateLimited)
		})
	}
}

func TestAuthenticator_Confirm_acceptsTokenOnce(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	_, recovery := h.enrollTOTP(t)
	pending := h.mfaAttempt(t)
	in := 0
	for _, err := range runConcurrently(9, func(i int) error {
		attempt := pending
		attempt.Code, attempt.RemoteAddr = recovery[i].Reveal(), netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		_, err := h.Confirm(t.Context(), attempt, nil)
		return err
	}) {
		if err == nil {
			in++
			continue
		}
		requireLoginError(t, err, credential.InvalidCredentials)
	}
	require.Equal(t, 1, in)
}

func TestAuthenticator_Confirm_rejectsInvalidToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens func(h *env)
	}{
		"expired":          {func(h *env) { h.clock.Advance(5 * time.Minute) }},
		"sessions_ended":   {func(h *env) { h.accounts.update("7", func(a *auth.Account) { a.SessionEpoch++ }) }},
		"account_deleted":  {func(h *env) { h.accounts.mu.Lock(); delete(h.accounts.accounts, "7"); h.accounts.mu.Unlock() }},
		"used_by_a_login":  {func(*env) {}},
		"of_other_service": {func(*env) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t)
			key, recovery := h.enrollTOTP(t)
			pending := h.mfaAttempt(t)
			test.happens(h)
			switch name {
			case "used_by_a_login":
				pending.Code = recovery[0].Reveal()
				_, err := h.Confirm(t.Context(), pending, nil)
				require.NoError(t, err)
			case "of_other_service":
				other := newEnv(t)
				other.enrollTOTP(t)
				pending.Token = other.mfaAttempt(t).Token
			}
			pending.Code = totpCode(t, key, h.clock.Now())
			_, err := h.Confirm(t.Context(), pending, nil)
			requireLoginError(t, err, credential.InvalidCredentials)
		})
	}
}

// concurrentChange is a change during a login that ends it with that error.
type concurrentChange struct {
	happens func(r *fakeAccounts)
	want    credential.LoginErrorCode
}

func concurrentChanges() map[string]concurrentChange {
	return map[string]concurrentChange{
		"by the end of all sessions": {func(r *fakeAccounts) { r.update("7", func(a *auth.Account) { a.SessionEpoch++ }) }, credential.InvalidCredentials},
		"by being disabled":          {func(r *fakeAccounts) { r.update("7", func(a *auth.Account) { a.Disabled = true }) }, credential.AccountDisabled},
		"by a deletion":              {func(r *fakeAccounts) { r.mu.Lock(); delete(r.accounts, "7"); r.mu.Unlock() }, credential.InvalidCredentials},
	}
}

func TestAuthenticator_Authenticate_rejectsConcurrentChange(t *testing.T) {
	t.Parallel()
	for name, test := range concurrentChanges() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t)
			_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", rightPassword), func(context.Context, *auth.Account) error {
				test.happens(h.accounts)
				return nil
			})
			requireLoginError(t, err, test.want)
			require.Empty(t, h.auditEntries(t, audit.Query{Outcome: audit.Succeeded}))
		})
	}
}

func TestAuthenticator_Authenticate_detectsWrongAccountTypeOnFailure(t *testing.T) {
	t.Parallel()
	calls := 0
	var logged bytes.Buffer
	h := newEnv(t, func(o *auth.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&logged, nil))
		o.DetectAccountType = func(_ context.Context, username string, password store.Secret) (string, error) {
			calls++
			switch {
			case username == "down":
				return "", errors.New("the other store is down")
			case username == "crm" && password.Reveal() == "its secret":
				return "this is an AMI account; it cannot log in here", nil
			}
			return "", nil
		}
	})
	_, err := h.Authenticate(t.Context(), newLoginAttempt("crm", "its secret"), nil)
	requireLoginError(t, err, credential.WrongAccountType)
	for _, guess := range []credential.LoginAttempt{newLoginAttempt("crm", "wrong"), newLoginAttempt("down", "wrong")} {
		_, err = h.Authenticate(t.Context(), guess, nil)
		requireLoginError(t, err, credential.InvalidCredentials)
		require.Equal(t, guess.Username == "down", strings.Contains(logged.String(), "detecting the kind of account failed"))
	}
	require.Equal(t, 3, calls)
	for _, guess := range []credential.LoginAttempt{newLoginAttempt("jane", rightPassword), newLoginAttempt(strings.Repeat("x", 1<<20), "x"), newLoginAttempt("x", strings.Repeat("x", 1<<20))} {
		_, _ = h.Authenticate(t.Context(), guess, nil)
	}
	require.Equal(t, 3, calls, "neither after the right password, nor of what is too long")
	for length, asked := range map[int]bool{1024: true, 1025: false} {
		calls = 0
		_, _ = h.Authenticate(t.Context(), newLoginAttempt(strings.Repeat("x", length), "y"), nil)
		require.Equal(t, asked, calls == 1, length)
	}
	for length, asked := range map[int]bool{4096: true, 4097: false} {
		calls = 0
		_, _ = h.Authenticate(t.Context(), newLoginAttempt("x", strings.Repeat("y", length)), nil)
		require.Equal(t, asked, calls == 1, length)
	}
}

func TestAuthenticator_Authenticate_respectsContext(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Authenticate(ctx, newLoginAttempt("jane", rightPassword), nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Verify(ctx, newLoginAttempt("jane", rightPassword), nil)
	require.ErrorIs(t, err, context.Canceled)
	// A canceled request is not recorded.
	ctx, cancel = context.WithCancel(t.Context())
	h.accounts.update("7", func(a *auth.Account) {
		a.VerifyExternal = func(ctx context.Context, _ store.Secret) (bool, error) {
			cancel()
			return false, ctx.Err()
		}
	})
	_, err = h.Verify(ctx, newLoginAttempt("jane", rightPassword), nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, h.auditLines(t))
}

func TestAuthenticator_Authenticate_boundsUsername(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	longest := strings.Repeat("n", 1024)
	h.accounts.idsByLogin[longest], h.accounts.idsByLogin[longest+"n"] = "7", "7"
	_, err := h.Authenticate(t.Context(), newLoginAttempt(longest, rightPassword), nil)
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), newLoginAttempt(longest+"n", rightPassword), nil)
	requireLoginError(t, err, credential.InvalidCredentials)
}

func TestAuthenticator_Authenticate_storesDeviceOnce(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	attempt := newLoginAttempt("jane", rightPassword)
	for range 2 {
		result, err := h.Authenticate(t.Context(), attempt, nil)
		require.NoError(t, err)
		attempt.DeviceToken = result.DeviceToken
	}
	require.Len(t, h.jane(t).Credentials.Devices, 1)
}

func TestAuthenticator_Authenticate_forgetsLeastRecentlyUsedDevice(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	var tokens []store.Secret
	for range credential.MaxTrustedDevices + 1 {
		h.clock.Advance(time.Minute)
		result, err := h.Authenticate(t.Context(), newLoginAttempt("jane", rightPassword), nil)
		require.NoError(t, err)
		tokens = append(tokens, result.DeviceToken)
	}
	require.Len(t, h.jane(t).Credentials.Devices, credential.MaxTrustedDevices)
	// A new device replaces the oldest one, and becomes the last.
	for _, again := range []struct {
		device store.Secret
		known  bool
	}{{tokens[1], true}, {tokens[0], false}} {
		attempt := newLoginAttempt("jane", rightPassword)
		attempt.DeviceToken = again.device
		result, err := h.Authenticate(t.Context(), attempt, nil)
		require.NoError(t, err)
		require.Equal(t, again.known, result.DeviceToken.Equal(again.device))
	}
}
