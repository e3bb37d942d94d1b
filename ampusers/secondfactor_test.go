package ampusers_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// enrollTOTP turns the second factor of jane on, and waits for the next code.
func (h *env) enrollTOTP(t testing.TB) (key store.Secret, recovery []store.Secret) {
	t.Helper()
	enrollment, err := h.BeginSecondFactor(t.Context(), "jane", secret(goodPassword))
	require.NoError(t, err)
	recovery, err = h.ConfirmSecondFactor(t.Context(), "jane", totpCode(t, enrollment.Secret, h.clock.Now()))
	require.NoError(t, err)
	h.clock.Advance(time.Minute)
	return enrollment.Secret, recovery
}

func TestService_ConfirmSecondFactor_enablesAfterValidCode(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db, func(o *ampusers.Options) { o.Issuer = "Acme PBX" })
			h.createLimited(t, "jane")
			_, err := h.PendingSecondFactor(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.ConfirmSecondFactor(t.Context(), "jane", "123456")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.NewRecoveryCodes(t.Context(), "jane", secret(goodPassword))
			require.ErrorIs(t, err, store.ErrConflict)

			enrollment, err := h.BeginSecondFactor(t.Context(), "jane", secret(goodPassword))
			require.NoError(t, err)
			require.Contains(t, enrollment.URL.Reveal(), "otpauth://totp/Acme%20PBX:jane?")
			_, err = png.Decode(bytes.NewReader(enrollment.QR))
			require.NoError(t, err)
			pending, err := h.PendingSecondFactor(t.Context(), "JANE")
			require.NoError(t, err)
			require.Equal(t, enrollment, pending)
			_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
			require.NoError(t, err, "until it is confirmed no code is asked for")

			for _, wrong := range []string{"", "12345", "abcdef", strings.Repeat("1", 1<<20), totpCode(t, enrollment.Secret, h.clock.Now().Add(-time.Hour))} {
				_, err = h.ConfirmSecondFactor(t.Context(), "jane", wrong)
				requireFields(t, err, "code: wrong")
			}
			codes, err := h.ConfirmSecondFactor(t.Context(), "jane", totpCode(t, enrollment.Secret, h.clock.Now()))
			require.NoError(t, err)
			require.Len(t, codes, 10)
			jane, err := h.Get(t.Context(), "jane")
			require.NoError(t, err)
			require.True(t, jane.HasSecondFactor)

			_, err = h.PendingSecondFactor(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.BeginSecondFactor(t.Context(), "jane", secret(goodPassword))
			require.ErrorIs(t, err, store.ErrConflict)
			h.requireAuditIntact(t)
		})
	}
}

// With a session alone, another could lock the administrator out.
func TestService_BeginSecondFactor_requiresCurrentPassword(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	self := h.ForActor("jane")
	for _, wrong := range []string{"", "wrong"} {
		_, err := self.BeginSecondFactor(t.Context(), "jane", secret(wrong))
		requireFields(t, err, "current_password: wrong")
	}
	_, err := self.PendingSecondFactor(t.Context(), "jane")
	require.ErrorIs(t, err, store.ErrNotFound)
	for err = nil; err == nil || !errors.Is(err, store.ErrRateLimited); {
		_, err = self.BeginSecondFactor(t.Context(), "jane", secret("wrong"))
	}
	_, err = self.BeginSecondFactor(t.Context(), "jane", secret(goodPassword))
	require.ErrorIs(t, err, store.ErrRateLimited)
	h.clock.Advance(time.Hour)
	_, err = self.BeginSecondFactor(t.Context(), "jane", secret(goodPassword))
	require.NoError(t, err)
}

func TestService_Authenticate_requiresSecondFactorCode(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createLimited(t, "jane")
			key, _ := h.enrollTOTP(t)
			_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"))
			requireLoginError(t, err, credential.InvalidCredentials)
			before := h.lastAuditEntry(t)
			h.mfaAttempt(t)
			require.Equal(t, before, h.lastAuditEntry(t), "a missing code is no denial")

			withCode := newLoginAttempt("jane", goodPassword)
			withCode.Code = "000000"
			_, err = h.Authenticate(t.Context(), withCode)
			requireLoginError(t, err, credential.InvalidMFACode)
			require.Equal(t, "denied login jane: forbidden: invalid_mfa_code", h.lastAuditEntry(t))
			withCode.Code = totpCode(t, key, h.clock.Now())
			login, err := h.Authenticate(t.Context(), withCode)
			require.NoError(t, err)
			require.Equal(t, -1, login.RecoveryCodesLeft)

			_, err = h.Authenticate(t.Context(), withCode)
			requireLoginError(t, err, credential.InvalidMFACode)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_ConfirmLogin_completesLogin(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	key, _ := h.enrollTOTP(t)
	step := h.mfaAttempt(t)

	_, err := h.ConfirmLogin(t.Context(), step)
	requireLoginError(t, err, credential.InvalidMFACode)
	step.Code = "1"
	_, err = h.ConfirmLogin(t.Context(), step)
	requireLoginError(t, err, credential.InvalidMFACode)
	step.Code = totpCode(t, key, h.clock.Now())
	_, err = h.ConfirmLogin(t.Context(), credential.MFAAttempt{Token: secret(strings.Repeat("A", 43)), Code: step.Code})
	requireLoginError(t, err, credential.InvalidCredentials)
	login, err := h.ConfirmLogin(t.Context(), step)
	require.NoError(t, err)
	require.Equal(t, "jane", login.Administrator.Username)
	require.Len(t, login.DeviceToken.Reveal(), 43)
	require.False(t, login.MFARequired())

	// Ending the sessions ends a pending login.
	h.clock.Advance(time.Minute)
	step = h.mfaAttempt(t)
	require.NoError(t, h.EndSessions(t.Context(), "jane"))
	step.Code = totpCode(t, key, h.clock.Now())
	_, err = h.ConfirmLogin(t.Context(), step)
	requireLoginError(t, err, credential.InvalidCredentials)
	_, err = h.ConfirmLogin(t.Context(), credential.MFAAttempt{})
	requireLoginError(t, err, credential.InvalidCredentials)
}

func TestService_Authenticate_acceptsRecoveryCodeOnce(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	_, codes := h.enrollTOTP(t)
	withCode := newLoginAttempt("jane", goodPassword)
	withCode.Code = " " + strings.ToUpper(codes[3].Reveal()) + " "
	login, err := h.Authenticate(t.Context(), withCode)
	require.NoError(t, err)
	require.Equal(t, 9, login.RecoveryCodesLeft)
	_, err = h.Authenticate(t.Context(), withCode)
	requireLoginError(t, err, credential.InvalidMFACode)

	fresh, err := h.NewRecoveryCodes(t.Context(), "jane", secret(goodPassword))
	require.NoError(t, err)
	require.Len(t, fresh, 10)
	withCode.Code = codes[4].Reveal()
	_, err = h.Authenticate(t.Context(), withCode)
	requireLoginError(t, err, credential.InvalidMFACode)
	withCode.Code = fresh[4].Reveal()
	_, err = h.Authenticate(t.Context(), withCode)
	require.NoError(t, err)
	h.requireAuditIntact(t)
}

func TestService_ConfirmLogin_acceptsCodeOnceConcurrently(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createLimited(t, "jane")
			key, recovery := h.enrollTOTP(t)
			for _, singleUse := range []string{totpCode(t, key, h.clock.Now()), recovery[0].Reveal()} {
				h.clock.Advance(time.Hour) // for the rate limit
				if singleUse != recovery[0].Reveal() {
					singleUse = totpCode(t, key, h.clock.Now())
				}
				in, steps := 0, [10]credential.MFAAttempt{}
				for i := range steps {
					attempt := newLoginAttempt("jane", goodPassword)
					attempt.RemoteAddr = netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
					steps[i] = h.mfaAttemptFrom(t, attempt)
					steps[i].Code = singleUse
				}
				for _, err := range runConcurrently(len(steps), func(i int) error {
					_, err := h.ConfirmLogin(t.Context(), steps[i])
					return err
				}) {
					if err == nil {
						in++
						continue
					}
					_, isLoginError := errors.AsType[*credential.LoginError](err)
					require.True(t, isLoginError || errors.Is(err, store.ErrRateLimited), "%v", err)
				}
				require.Equal(t, 1, in)
			}
			h.requireAuditIntact(t)
		})
	}
}

// An attacker with the password cannot guess the code in either step. Giving the
// password again does not reset the count.
func TestService_ConfirmLogin_limitsCodeGuesses(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	h.enrollTOTP(t)
	tried, step := 0, h.mfaAttempt(t)
	step.Code = "000000"
	for range 100 {
		if login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword)); err == nil {
			step.Token = login.MFAToken
		}
		_, err := h.ConfirmLogin(t.Context(), step)
		if !errors.Is(err, store.ErrRateLimited) {
			requireLoginError(t, err, credential.InvalidMFACode)
			tried++
		}
	}
	require.Less(t, tried, 15)
}

func TestService_RemoveSecondFactor_allowsPasswordOnlyLogin(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	h.enrollTOTP(t)
	removed, err := h.RemoveSecondFactor(t.Context(), "jane")
	require.NoError(t, err)
	require.False(t, removed.HasSecondFactor)
	_, err = h.RemoveSecondFactor(t.Context(), "jane")
	require.NoError(t, err, "it is no error when there is none")
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	require.Len(t, h.auditEntries(t, audit.Query{Action: "confirm second factor", Outcome: audit.Succeeded}), 1)
}

func TestService_ownSecondFactorNeedsPassword(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	_, codes := h.enrollTOTP(t)
	for _, wrong := range []string{"", otherPassword, codes[0].Reveal()} {
		_, err := h.NewRecoveryCodes(t.Context(), "jane", secret(wrong))
		requireFields(t, err, "current_password: wrong")
		_, err = h.RemoveOwnSecondFactor(t.Context(), "jane", secret(wrong))
		requireFields(t, err, "current_password: wrong")
	}
	require.Len(t, h.auditEntries(t, audit.Query{Action: "remove own second factor", Outcome: audit.Denied}), 3)

	// The operations on other administrators are no way around it.
	self := h.ForActor("jane")
	for name, bypass := range map[string]func() error{
		"remove second factor": func() error { _, err := self.RemoveSecondFactor(t.Context(), "JANE"); return err },
		"set password":         func() error { _, err := self.SetPassword(t.Context(), "jane", secret(otherPassword), nil); return err },
		"invite":               func() error { _, err := self.Invite(t.Context(), "jane"); return err },
		"set password hash": func() error {
			_, err := self.SetPasswordHash(t.Context(), "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
			return err
		},
	} {
		require.ErrorIs(t, bypass(), store.ErrForbidden, name)
	}
	jane, err := h.Get(t.Context(), "jane")
	require.NoError(t, err)
	require.True(t, jane.HasSecondFactor)

	limited := 0
	for limited < 100 {
		_, err := h.RemoveOwnSecondFactor(t.Context(), "jane", secret(otherPassword))
		if errors.Is(err, store.ErrRateLimited) {
			break
		}
		limited++
	}
	require.Less(t, limited, 15)
	h.clock.Advance(time.Hour)
	removed, err := self.RemoveOwnSecondFactor(t.Context(), "jane", secret(goodPassword))
	require.NoError(t, err)
	require.False(t, removed.HasSecondFactor)

	_, err = self.BeginSecondFactor(t.Context(), "jane", secret(goodPassword))
	require.NoError(t, err)
	_, err = self.RemoveOwnSecondFactor(t.Context(), "jane", secret(""))
	require.NoError(t, err, "an enrollment that is not confirmed protects nothing")
	_, err = self.PendingSecondFactor(t.Context(), "jane")
	require.ErrorIs(t, err, store.ErrNotFound)
	h.requireAuditIntact(t)
}

func TestService_AcceptInvitation_keepsSecondFactor(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	h.enrollTOTP(t)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
	require.NoError(t, err)
	h.mfaAttemptFrom(t, newLoginAttempt("jane", otherPassword))
}

// The limit holds for many addresses and days; see package ratelimit.
func TestService_Authenticate_limitsCodeGuessesFromManyAddresses(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	h.enrollTOTP(t)
	tried := 0
	for i := range 24 * 60 {
		h.clock.Advance(time.Minute)
		try := credential.LoginAttempt{Username: "jane", Password: secret(goodPassword), Code: "00 00 00", RemoteAddr: netip.MustParseAddr(fmt.Sprintf("198.51.%d.%d", i%100, i/100))}
		_, err := h.Authenticate(t.Context(), try)
		if i%2 == 0 {
			first := try
			first.Code = ""
			step := h.mfaAttemptFrom(t, first)
			step.Code = try.Code
			_, err = h.ConfirmLogin(t.Context(), step)
		}
		if !errors.Is(err, store.ErrRateLimited) {
			requireLoginError(t, err, credential.InvalidMFACode)
			tried++
		}
	}
	require.Less(t, tried, 10+24*60/5+2)
}

// Password guesses of strangers do not prevent the owner from giving the code, and
// code guesses do not prevent giving a recovery code.
func TestService_ConfirmLogin_admitsOwnerDuringGuessing(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	key, recovery := h.enrollTOTP(t)
	step := h.mfaAttempt(t)
	guess := func(try credential.LoginAttempt) {
		limited := false
		for i := range 100 {
			try.Username, try.RemoteAddr = "jane", netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", i))
			_, err := h.Authenticate(t.Context(), try)
			limited = limited || errors.Is(err, store.ErrRateLimited)
		}
		require.True(t, limited)
	}
	guess(credential.LoginAttempt{Password: secret("guess")})
	step.Code = totpCode(t, key, h.clock.Now())
	_, err := h.ConfirmLogin(t.Context(), step)
	require.NoError(t, err)

	h.clock.Advance(time.Hour)
	guess(credential.LoginAttempt{Password: secret(goodPassword), Code: "000000"})
	h.clock.Advance(time.Minute)
	withCode := newLoginAttempt("jane", goodPassword)
	withCode.Code = totpCode(t, key, h.clock.Now())
	_, err = h.Authenticate(t.Context(), withCode)
	require.ErrorIs(t, err, store.ErrRateLimited)
	withCode.Code = recovery[0].Reveal()
	_, err = h.Authenticate(t.Context(), withCode)
	require.NoError(t, err)
}

// Without the password no codes are counted.
func TestService_ConfirmLogin_countsCodesOnlyAfterPassword(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	key, _ := h.enrollTOTP(t)
	forged := credential.MFAAttempt{Token: secret(strings.Repeat("A", 43)), Code: "000000"}
	for i := range 50 {
		try := credential.LoginAttempt{Username: "jane", Password: secret("guess"), Code: "000000", RemoteAddr: netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", i))}
		_, _ = h.Authenticate(t.Context(), try)
		forged.RemoteAddr = try.RemoteAddr
		_, err := h.ConfirmLogin(t.Context(), forged)
		if !errors.Is(err, store.ErrRateLimited) {
			requireLoginError(t, err, credential.InvalidCredentials)
		}
	}
	h.clock.Advance(time.Minute)
	withCode := newLoginAttempt("jane", goodPassword)
	withCode.Code = totpCode(t, key, h.clock.Now())
	_, err := h.Authenticate(t.Context(), withCode)
	require.NoError(t, err)

	limited := 0
	forged.RemoteAddr = withCode.RemoteAddr
	for range 50 {
		_, err = h.ConfirmLogin(t.Context(), forged)
		if errors.Is(err, store.ErrRateLimited) {
			limited++
		}
	}
	require.Greater(t, limited, 25, "but are slowed")
}

func TestService_Authenticate_rehashesBeforeSecondFactor(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t, open(t))
			h.createLimited(t, "jane")
			key, _ := h.enrollTOTP(t)
			// The SHA-1 of "password", as FreePBX stores it.
			_, err := h.SetPasswordHash(t.Context(), "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
			require.NoError(t, err)
			step := h.mfaAttemptFrom(t, newLoginAttempt("jane", "password"))
			stored, err := h.store.Administrator(t.Context(), "jane")
			require.NoError(t, err)
			require.Contains(t, stored.Credentials.PasswordHash.Reveal(), "$argon2id$")
			require.Equal(t, "succeeded rehash jane", h.lastAuditEntry(t))
			require.Equal(t, audit.Actor{Kind: audit.System, RemoteAddr: netip.MustParseAddr("192.0.2.1")}, h.auditEntries(t, audit.Query{})[0].Actor)

			step.Code = totpCode(t, key, h.clock.Now())
			_, err = h.ConfirmLogin(t.Context(), step)
			require.NoError(t, err, "a rehash ends no login that is under way")
			h.mfaAttemptFrom(t, newLoginAttempt("jane", "password"))
			require.Len(t, h.auditEntries(t, audit.Query{Action: "rehash"}), 1)
			h.requireAuditIntact(t)
		})
	}
}
