package userman_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// enrollTOTP turns a second factor on, and waits for the next code.
func (h *env) enrollTOTP(t testing.TB, id store.UserID) (key store.Secret, recovery []store.Secret) {
	t.Helper()
	enrollment, err := h.BeginSecondFactor(t.Context(), id, secret(goodPassword))
	require.NoError(t, err)
	recovery, err = h.ConfirmSecondFactor(t.Context(), id, totpCode(t, enrollment.Secret, h.clock.Now()))
	require.NoError(t, err)
	h.clock.Advance(time.Minute)
	return enrollment.Secret, recovery
}

// With a session alone, another could lock the user out.
func TestService_BeginSecondFactor_requiresCurrentPassword(t *testing.T) {
	t.Parallel()
	h := newService(t)
	id := h.createUser(t, newUser("jane"), goodPassword).ID
	for _, wrong := range []string{"", "wrong"} {
		_, err := h.BeginSecondFactor(t.Context(), id, secret(wrong))
		requireFieldErrors(t, err, "current_password: wrong")
	}
	_, err := h.PendingSecondFactor(t.Context(), id)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = h.BeginSecondFactor(t.Context(), id, secret(goodPassword))
	require.NoError(t, err)
}

func TestService_ConfirmSecondFactor_requiresValidCode(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "", func(o *userman.Options) { o.Product = "Acme PBX" })
			id := h.createUser(t, newUser("jane"), goodPassword).ID
			_, err := h.PendingSecondFactor(t.Context(), id)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.ConfirmSecondFactor(t.Context(), id, "123456")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.NewRecoveryCodes(t.Context(), id, store.NewSecret(goodPassword))
			require.ErrorIs(t, err, store.ErrConflict)

			enrollment, err := h.BeginSecondFactor(t.Context(), id, secret(goodPassword))
			require.NoError(t, err)
			require.Contains(t, enrollment.URL.Reveal(), "otpauth://totp/Acme%20PBX:jane?")
			_, err = png.Decode(bytes.NewReader(enrollment.QR))
			require.NoError(t, err)
			pending, err := h.PendingSecondFactor(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, enrollment, pending)
			h.logIn(t, "jane", goodPassword)

			for _, wrongCode := range []string{"", "12345", strings.Repeat("1", 1<<20), totpCode(t, enrollment.Secret, h.clock.Now().Add(-time.Hour))} {
				_, err = h.ConfirmSecondFactor(t.Context(), id, wrongCode)
				requireFieldErrors(t, err, "code: wrong")
			}
			codes, err := h.ConfirmSecondFactor(t.Context(), id, totpCode(t, enrollment.Secret, h.clock.Now()))
			require.NoError(t, err)
			require.Len(t, codes, 10)
			require.True(t, h.get(t, "jane").HasSecondFactor)
			_, err = h.BeginSecondFactor(t.Context(), id, secret(goodPassword))
			require.ErrorIs(t, err, store.ErrConflict)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_ConfirmLogin_requiresMFACode(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			jane := h.createUser(t, newUser("jane"), goodPassword)
			key, recovery := h.enrollTOTP(t, jane.ID)
			_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"))
			requireLoginError(t, err, credential.InvalidCredentials)
			step := h.mfaAttempt(t, goodPassword)
			step.Code = "000000"
			_, err = h.ConfirmLogin(t.Context(), step)
			requireLoginError(t, err, credential.InvalidMFACode)
			step.Code = totpCode(t, key, h.clock.Now())
			_, err = h.ConfirmLogin(t.Context(), credential.MFAAttempt{Token: secret(strings.Repeat("A", 43)), Code: step.Code})
			requireLoginError(t, err, credential.InvalidCredentials)
			login, err := h.ConfirmLogin(t.Context(), step)
			require.NoError(t, err)
			require.Equal(t, "jane", login.User.Username)
			_, err = h.ConfirmLogin(t.Context(), step)
			requireLoginError(t, err, credential.InvalidCredentials)

			second := h.mfaAttempt(t, goodPassword)
			second.Code = step.Code
			_, err = h.ConfirmLogin(t.Context(), second)
			requireLoginError(t, err, credential.InvalidMFACode)
			second.Code = recovery[3].Reveal()
			login, err = h.ConfirmLogin(t.Context(), second)
			require.NoError(t, err)
			require.Equal(t, 9, login.RecoveryCodesLeft)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_ConfirmLogin_rejectsRevokedPermission(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.createUser(t, newUser("jane"), goodPassword)
	key, _ := h.enrollTOTP(t, jane.ID)
	step := h.mfaAttempt(t, goodPassword)
	h.setPermission(t, "jane", permission.PortalLogin, permission.Off())
	step.Code = totpCode(t, key, h.clock.Now())
	_, err := h.ConfirmLogin(t.Context(), step)
	requireLoginError(t, err, credential.NotAuthorized)
}

func TestService_NewRecoveryCodes_revokesOldCodes(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.createUser(t, newUser("jane"), goodPassword)
	_, old := h.enrollTOTP(t, jane.ID)
	fresh, err := h.NewRecoveryCodes(t.Context(), jane.ID, store.NewSecret(goodPassword))
	require.NoError(t, err)
	withCode := newLoginAttempt("jane", goodPassword)
	withCode.Code = old[0].Reveal()
	_, err = h.Authenticate(t.Context(), withCode)
	requireLoginError(t, err, credential.InvalidMFACode)
	withCode.Code = fresh[0].Reveal()
	_, err = h.Authenticate(t.Context(), withCode)
	require.NoError(t, err)
}

func TestService_ownSecondFactorNeedsPassword(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.createUser(t, newUser("jane"), goodPassword)
	_, codes := h.enrollTOTP(t, jane.ID)
	for _, wrong := range []string{"", "wrong", codes[0].Reveal()} {
		_, err := h.NewRecoveryCodes(t.Context(), jane.ID, store.NewSecret(wrong))
		requireFieldErrors(t, err, "current_password: wrong")
		_, err = h.RemoveOwnSecondFactor(t.Context(), jane.ID, store.NewSecret(wrong))
		requireFieldErrors(t, err, "current_password: wrong")
	}
	require.Equal(t, "denied remove own second factor jane: invalid: current_password (wrong)", h.lastAuditEntry(t))
	require.True(t, h.get(t, "jane").HasSecondFactor)
	after, err := h.RemoveOwnSecondFactor(t.Context(), jane.ID, store.NewSecret(goodPassword))
	require.NoError(t, err)
	require.False(t, after.HasSecondFactor)
}

func TestService_RemoveSecondFactor_isIdempotent(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.createUser(t, newUser("jane"), goodPassword)
	h.enrollTOTP(t, jane.ID)
	for range 2 {
		after, err := h.RemoveSecondFactor(t.Context(), "JANE")
		require.NoError(t, err)
		require.False(t, after.HasSecondFactor)
	}
	h.logIn(t, "jane", goodPassword)
	_, err := h.RemoveSecondFactor(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}
