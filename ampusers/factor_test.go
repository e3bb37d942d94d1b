package ampusers_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// enrol turns the second factor of jane on, and waits for the next code.
func (h *house) enrol(t testing.TB) (key store.Secret, recovery []store.Secret) {
	t.Helper()
	enrolment, err := h.BeginSecondFactor(t.Context(), "jane")
	require.NoError(t, err)
	recovery, err = h.ConfirmSecondFactor(t.Context(), "jane", code(t, enrolment.Secret, h.clock.Now()))
	require.NoError(t, err)
	h.clock.Pass(time.Minute)
	return enrolment.Secret, recovery
}

func TestASecondFactorCountsOnceACodeWasSeen(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db, func(o *ampusers.Options) { o.Issuer = "Acme PBX" })
			h.limited(t, "jane")
			_, err := h.PendingSecondFactor(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.ConfirmSecondFactor(t.Context(), "jane", "123456")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.NewRecoveryCodes(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrConflict)

			begun, err := h.BeginSecondFactor(t.Context(), "jane")
			require.NoError(t, err)
			require.Contains(t, begun.URL.Reveal(), "otpauth://totp/Acme%20PBX:jane?")
			_, err = png.Decode(bytes.NewReader(begun.QR))
			require.NoError(t, err)
			pending, err := h.PendingSecondFactor(t.Context(), "JANE")
			require.NoError(t, err)
			require.Equal(t, begun, pending)
			_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
			require.NoError(t, err, "until it is confirmed no code is asked for")

			for _, wrong := range []string{"", "12345", "abcdef", strings.Repeat("1", 1<<20), code(t, begun.Secret, h.clock.Now().Add(-time.Hour))} {
				_, err = h.ConfirmSecondFactor(t.Context(), "jane", wrong)
				requireFields(t, err, "code: wrong")
			}
			codes, err := h.ConfirmSecondFactor(t.Context(), "jane", code(t, begun.Secret, h.clock.Now()))
			require.NoError(t, err)
			require.Len(t, codes, 10)
			jane, err := h.Get(t.Context(), "jane")
			require.NoError(t, err)
			require.True(t, jane.HasSecondFactor)

			_, err = h.PendingSecondFactor(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.BeginSecondFactor(t.Context(), "jane")
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
			db := open(t)
			h := newHouse(t, db)
			jane := h.limited(t, "jane")
			key, _ := h.enrol(t)
			_, err := h.Authenticate(t.Context(), attempt("jane", "wrong"))
			requireRefused(t, err, ampusers.WrongPassword)
			_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
			asked := loginError(t, err)
			require.Equal(t, ampusers.CodeRequired, asked.Code)
			require.Equal(t, jane.SessionGeneration, asked.Generation)
			require.NotEqual(t, "refused login jane: forbidden: code_required", h.told(t), "to be asked is no refusal")

			with := attempt("jane", goodPassword)
			with.Code = "000000"
			_, err = h.Authenticate(t.Context(), with)
			requireRefused(t, err, ampusers.WrongCode)
			require.Equal(t, "refused login jane: forbidden: wrong_code", h.told(t))
			with.Code = code(t, key, h.clock.Now())
			login, err := h.Authenticate(t.Context(), with)
			require.NoError(t, err)
			require.Equal(t, -1, login.RecoveryCodesLeft)

			_, err = h.Authenticate(t.Context(), with)
			requireRefused(t, err, ampusers.WrongCode)
			h.requireProven(t)
		})
	}
}

func TestALoginIsConfirmedInASecondStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	key, _ := h.enrol(t)
	_, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	generation := loginError(t, err).Generation
	step := ampusers.Attempt{Username: "Jane", Source: "192.0.2.1"}

	_, err = h.ConfirmLogin(t.Context(), step, generation)
	requireRefused(t, err, ampusers.CodeRequired)
	require.Equal(t, generation, loginError(t, err).Generation)
	step.Code = "1"
	_, err = h.ConfirmLogin(t.Context(), step, generation)
	requireRefused(t, err, ampusers.WrongCode)
	require.Equal(t, generation, loginError(t, err).Generation)
	step.Code = code(t, key, h.clock.Now())
	_, err = h.ConfirmLogin(t.Context(), step, generation+1)
	requireRefused(t, err, ampusers.WrongPassword)
	login, err := h.ConfirmLogin(t.Context(), step, generation)
	require.NoError(t, err)
	require.Equal(t, "jane", login.Administrator.Username)

	// Whatever ends the sessions ends a login that is under way.
	h.clock.Pass(time.Minute)
	require.NoError(t, h.EndSessions(t.Context(), "jane"))
	step.Code = code(t, key, h.clock.Now())
	_, err = h.ConfirmLogin(t.Context(), step, generation)
	requireRefused(t, err, ampusers.WrongPassword)
	_, err = h.ConfirmLogin(t.Context(), ampusers.Attempt{Username: "nobody"}, generation)
	requireRefused(t, err, ampusers.WrongPassword)
}

func TestARecoveryCodeWorksOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	_, codes := h.enrol(t)
	with := attempt("jane", goodPassword)
	with.Code = " " + strings.ToUpper(codes[3].Reveal()) + " "
	login, err := h.Authenticate(t.Context(), with)
	require.NoError(t, err)
	require.Equal(t, 9, login.RecoveryCodesLeft)
	_, err = h.Authenticate(t.Context(), with)
	requireRefused(t, err, ampusers.WrongCode)

	fresh, err := h.NewRecoveryCodes(t.Context(), "jane")
	require.NoError(t, err)
	require.Len(t, fresh, 10)
	with.Code = codes[4].Reveal()
	_, err = h.Authenticate(t.Context(), with)
	requireRefused(t, err, ampusers.WrongCode)
	with.Code = fresh[4].Reveal()
	_, err = h.Authenticate(t.Context(), with)
	require.NoError(t, err)
	h.requireProven(t)
}

func TestACodeIsAcceptedOnceAlsoAtTheSameInstant(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db)
			jane := h.limited(t, "jane")
			key, recovery := h.enrol(t)
			for _, once := range []string{code(t, key, h.clock.Now()), recovery[0].Reveal()} {
				h.clock.Pass(time.Hour) // for the throttle
				if once != recovery[0].Reveal() {
					once = code(t, key, h.clock.Now())
				}
				in := 0
				for _, err := range together(10, func(i int) error {
					_, err := h.ConfirmLogin(t.Context(), ampusers.Attempt{Username: "jane", Code: once, Source: string(rune('a' + i))}, jane.SessionGeneration)
					return err
				}) {
					if err == nil {
						in++
						continue
					}
					_, refused := errors.AsType[*ampusers.LoginError](err)
					require.True(t, refused || errors.Is(err, store.ErrThrottled), "%v", err)
				}
				require.Equal(t, 1, in)
			}
			h.requireProven(t)
		})
	}
}

// Who knows the password does not get to guess at the code, in either step,
// and does not wash the count clean by proving the password again.
func TestCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	jane := h.limited(t, "jane")
	h.enrol(t)
	tried := 0
	for range 100 {
		_, _ = h.Authenticate(t.Context(), attempt("jane", goodPassword))
		_, err := h.ConfirmLogin(t.Context(), ampusers.Attempt{Username: "jane", Code: "000000", Source: "192.0.2.1"}, jane.SessionGeneration)
		if !errors.Is(err, store.ErrThrottled) {
			requireRefused(t, err, ampusers.WrongCode)
			tried++
		}
	}
	require.Less(t, tried, 15)
}

func TestWithoutTheSecondFactorThePasswordIsEnoughAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	h.enrol(t)
	removed, err := h.RemoveSecondFactor(t.Context(), "jane")
	require.NoError(t, err)
	require.False(t, removed.HasSecondFactor)
	_, err = h.RemoveSecondFactor(t.Context(), "jane")
	require.NoError(t, err, "it is no error when there is none")
	_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
	require.Len(t, h.entries(t, audit.Query{Action: "confirm second factor", Outcome: audit.Done}), 1)
}

func TestANewPasswordKeepsTheSecondFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	h.enrol(t)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), attempt("jane", anotherPassword))
	requireRefused(t, err, ampusers.CodeRequired)
}

// However many sources and days: see package throttle for what a guesser gets.
func TestCodesCannotBeGuessedFromManySources(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	jane := h.limited(t, "jane")
	h.enrol(t)
	tried := 0
	for i := range 24 * 60 {
		h.clock.Pass(time.Minute)
		try := ampusers.Attempt{Username: "jane", Password: secret(goodPassword), Code: "00 00 00", Source: fmt.Sprintf("198.51.%d.%d", i%100, i/100)}
		_, err := h.Authenticate(t.Context(), try)
		if i%2 == 0 {
			_, err = h.ConfirmLogin(t.Context(), try, jane.SessionGeneration)
		}
		if !errors.Is(err, store.ErrThrottled) {
			requireRefused(t, err, ampusers.WrongCode)
			tried++
		}
	}
	require.Less(t, tried, 10+24*60/5+2)
}

// Neither does whoever guesses at the password keep the owner from giving the
// code, nor whoever guesses at the code from giving a recovery code.
func TestTheOwnerConfirmsALoginWhileOthersGuess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	jane := h.limited(t, "jane")
	key, recovery := h.enrol(t)
	guess := func(try ampusers.Attempt) {
		held := false
		for i := range 100 {
			try.Username, try.Source = "jane", fmt.Sprintf("198.51.100.%d", i)
			_, err := h.Authenticate(t.Context(), try)
			held = held || errors.Is(err, store.ErrThrottled)
		}
		require.True(t, held)
	}
	guess(ampusers.Attempt{Password: secret("guess")})
	_, err := h.ConfirmLogin(t.Context(), ampusers.Attempt{Username: "jane", Code: code(t, key, h.clock.Now()), Source: "192.0.2.1"}, jane.SessionGeneration)
	require.NoError(t, err)

	h.clock.Pass(time.Hour)
	guess(ampusers.Attempt{Password: secret(goodPassword), Code: "000000"})
	h.clock.Pass(time.Minute)
	with := attempt("jane", goodPassword)
	with.Code = code(t, key, h.clock.Now())
	_, err = h.Authenticate(t.Context(), with)
	require.ErrorIs(t, err, store.ErrThrottled)
	with.Code = recovery[0].Reveal()
	_, err = h.Authenticate(t.Context(), with)
	require.NoError(t, err)
}

// Whoever does not know the password uses up nobody's codes.
func TestStrangersUseUpNoCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	jane := h.limited(t, "jane")
	key, _ := h.enrol(t)
	for i := range 50 {
		try := ampusers.Attempt{Username: "jane", Password: secret("guess"), Code: "000000", Source: fmt.Sprintf("198.51.100.%d", i)}
		_, _ = h.Authenticate(t.Context(), try)
		_, err := h.ConfirmLogin(t.Context(), try, jane.SessionGeneration+1)
		if !errors.Is(err, store.ErrThrottled) {
			requireRefused(t, err, ampusers.WrongPassword)
		}
	}
	h.clock.Pass(time.Minute)
	with := attempt("jane", goodPassword)
	with.Code = code(t, key, h.clock.Now())
	_, err := h.Authenticate(t.Context(), with)
	require.NoError(t, err)

	held := 0
	for range 50 {
		_, err = h.ConfirmLogin(t.Context(), with, jane.SessionGeneration+1)
		if errors.Is(err, store.ErrThrottled) {
			held++
		}
	}
	require.Greater(t, held, 25, "but are slowed")
}

func TestAnOlderHashIsReplacedAlsoWhereACodeIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, open(t))
			h.limited(t, "jane")
			key, _ := h.enrol(t)
			// The SHA-1 of "password", as FreePBX keeps it.
			_, err := h.SetPasswordHash(t.Context(), "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
			require.NoError(t, err)
			_, err = h.Authenticate(t.Context(), attempt("jane", "password"))
			asked := loginError(t, err)
			require.Equal(t, ampusers.CodeRequired, asked.Code)
			kept, err := h.store.Administrator(t.Context(), "jane")
			require.NoError(t, err)
			require.Contains(t, kept.Credentials.PasswordHash.Reveal(), "$argon2id$")
			require.Equal(t, "done rehash jane", h.told(t))
			require.Equal(t, audit.Actor{Kind: audit.System, Source: "192.0.2.1"}, h.entries(t, audit.Query{})[0].Actor)

			_, err = h.ConfirmLogin(t.Context(), ampusers.Attempt{Username: "jane", Code: code(t, key, h.clock.Now())}, asked.Generation)
			require.NoError(t, err, "a rehash ends no login that is under way")
			_, err = h.Authenticate(t.Context(), attempt("jane", "password"))
			requireRefused(t, err, ampusers.CodeRequired)
			require.Len(t, h.entries(t, audit.Query{Action: "rehash"}), 1)
			h.requireProven(t)
		})
	}
}
