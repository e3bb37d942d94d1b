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
)

// enrol turns a second factor on, and waits for the next code.
func (h *house) enrol(t testing.TB, id string) (key store.Secret, recovery []store.Secret) {
	t.Helper()
	enrolment, err := h.BeginSecondFactor(t.Context(), id)
	require.NoError(t, err)
	recovery, err = h.ConfirmSecondFactor(t.Context(), id, code(t, enrolment.Secret, h.clock.Now()))
	require.NoError(t, err)
	h.clock.Pass(time.Minute)
	return enrolment.Secret, recovery
}

func TestASecondFactorCountsOnceACodeWasSeen(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "", func(o *userman.Options) { o.Product = "Acme PBX" })
			id := h.add(t, person("jane"), goodPassword).ID
			_, err := h.PendingSecondFactor(t.Context(), id)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.ConfirmSecondFactor(t.Context(), id, "123456")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.NewRecoveryCodes(t.Context(), id)
			require.ErrorIs(t, err, store.ErrConflict)

			begun, err := h.BeginSecondFactor(t.Context(), id)
			require.NoError(t, err)
			require.Contains(t, begun.URL.Reveal(), "otpauth://totp/Acme%20PBX:jane?")
			_, err = png.Decode(bytes.NewReader(begun.QR))
			require.NoError(t, err)
			pending, err := h.PendingSecondFactor(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, begun, pending)
			h.logIn(t, "jane", goodPassword)

			for _, wrong := range []string{"", "12345", strings.Repeat("1", 1<<20), code(t, begun.Secret, h.clock.Now().Add(-time.Hour))} {
				_, err = h.ConfirmSecondFactor(t.Context(), id, wrong)
				requireFields(t, err, "code: wrong")
			}
			codes, err := h.ConfirmSecondFactor(t.Context(), id, code(t, begun.Secret, h.clock.Now()))
			require.NoError(t, err)
			require.Len(t, codes, 10)
			require.True(t, h.get(t, "jane").HasSecondFactor)
			_, err = h.BeginSecondFactor(t.Context(), id)
			require.ErrorIs(t, err, store.ErrConflict)
			h.requireProven(t)
		})
	}
}

func TestALoginWithASecondFactorTakesACode(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			jane := h.add(t, person("jane"), goodPassword)
			key, recovery := h.enrol(t, jane.ID)
			_, err := h.Authenticate(t.Context(), attempt("jane", "wrong"))
			requireRefused(t, err, credential.WrongPassword)
			_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
			requireRefused(t, err, credential.CodeRequired)
			generation := loginError(t, err).Generation
			require.Equal(t, jane.SessionGeneration, generation)

			step := attempt("jane", "")
			step.Code = "000000"
			_, err = h.ConfirmLogin(t.Context(), step, generation)
			requireRefused(t, err, credential.WrongCode)
			step.Code = code(t, key, h.clock.Now())
			_, err = h.ConfirmLogin(t.Context(), step, generation+1)
			requireRefused(t, err, credential.WrongPassword)
			login, err := h.ConfirmLogin(t.Context(), step, generation)
			require.NoError(t, err)
			require.Equal(t, "jane", login.User.Username)
			_, err = h.ConfirmLogin(t.Context(), step, generation)
			requireRefused(t, err, credential.WrongCode)

			step.Code = recovery[3].Reveal()
			login, err = h.ConfirmLogin(t.Context(), step, generation)
			require.NoError(t, err)
			require.Equal(t, 9, login.RecoveryCodesLeft)
			h.requireProven(t)
		})
	}
}

func TestAPersonWhoMayNotUseThePortalAnyMoreEndsNoLogin(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.add(t, person("jane"), goodPassword)
	key, _ := h.enrol(t, jane.ID)
	_, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	generation := loginError(t, err).Generation
	h.permit(t, "jane", userman.PortalLogin, userman.Off())
	step := attempt("jane", "")
	step.Code = code(t, key, h.clock.Now())
	_, err = h.ConfirmLogin(t.Context(), step, generation)
	requireRefused(t, err, credential.NotAllowed)
}

func TestNewRecoveryCodesReplaceTheOldOnes(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.add(t, person("jane"), goodPassword)
	_, old := h.enrol(t, jane.ID)
	fresh, err := h.NewRecoveryCodes(t.Context(), jane.ID)
	require.NoError(t, err)
	with := attempt("jane", goodPassword)
	with.Code = old[0].Reveal()
	_, err = h.Authenticate(t.Context(), with)
	requireRefused(t, err, credential.WrongCode)
	with.Code = fresh[0].Reveal()
	_, err = h.Authenticate(t.Context(), with)
	require.NoError(t, err)
}

func TestASecondFactorThatIsLostIsRemoved(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.add(t, person("jane"), goodPassword)
	h.enrol(t, jane.ID)
	for range 2 {
		after, err := h.RemoveSecondFactor(t.Context(), "JANE")
		require.NoError(t, err)
		require.False(t, after.HasSecondFactor)
	}
	h.logIn(t, "jane", goodPassword)
	_, err := h.RemoveSecondFactor(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}
