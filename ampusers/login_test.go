package ampusers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func attempt(username, password string) ampusers.Attempt {
	return ampusers.Attempt{Username: username, Password: secret(password), Source: "192.0.2.1"}
}

func TestALoginTellsWhoItIs(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db)
			h.limited(t, "Jane", "managers")
			h.clock.Pass(time.Hour)
			login, err := h.Authenticate(t.Context(), attempt(" jANE ", goodPassword))
			require.NoError(t, err)
			require.Equal(t, "Jane", login.Administrator.Username)
			require.Equal(t, h.clock.Now(), login.Administrator.LastLoginAt)
			require.Equal(t, -1, login.RecoveryCodesLeft)
			require.Len(t, login.Device.Reveal(), 43)

			e := h.entries(t, audit.Query{Action: "login"})[0]
			require.Equal(t, audit.Done, e.Outcome)
			require.Equal(t, "Jane", e.Key)
			require.Equal(t, audit.Actor{Kind: audit.Administrator, Name: "Jane", Source: "192.0.2.1"}, e.Actor)
			h.requireProven(t)
		})
	}
}

func TestALoginIsRefusedAlikeForAllWhoDoNotKnowThePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.full(t, "boss")
	h.limited(t, "jane")
	h.limited(t, "nopassword")
	h.add(t, &ampusers.Administrator{Username: "invited"}, "")
	_, err := h.Disable(t.Context(), "nopassword")
	require.NoError(t, err)
	_, want := h.Authenticate(t.Context(), attempt("jane", "wrong"))
	for _, a := range []ampusers.Attempt{
		attempt("jane", ""), attempt("jane", goodPassword+" "), attempt("jane", strings.ToUpper(goodPassword)), attempt("jane", "\xff"),
		attempt("jane", strings.Repeat("x", 1<<20)),
		attempt("nobody", goodPassword), attempt("", goodPassword), attempt("\x00", goodPassword), attempt(strings.Repeat("j", 1<<20), goodPassword),
		attempt("invited", ""), attempt("invited", goodPassword), attempt("nopassword", "wrong"),
	} {
		h.clock.Pass(time.Hour)
		_, err := h.Authenticate(t.Context(), a)
		requireRefused(t, err, ampusers.WrongPassword)
		require.Equal(t, want, err)
	}
}

// People type their password into the field of the username.
func TestANameThatNoAdministratorHasIsNotKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	_, err := h.Authenticate(t.Context(), attempt("Hunter2hunter2", "jane"))
	requireRefused(t, err, ampusers.WrongPassword)
	require.Equal(t, "refused login : forbidden: wrong_password", h.told(t))
	_, err = h.Authenticate(t.Context(), attempt("JANE", "Hunter2hunter2"))
	requireRefused(t, err, ampusers.WrongPassword)
	require.Equal(t, "refused login jane: forbidden: wrong_password", h.told(t))
	require.Equal(t, audit.Actor{Kind: audit.Visitor, Source: "192.0.2.1"}, h.entries(t, audit.Query{})[0].Actor)
	for _, e := range h.entries(t, audit.Query{}) {
		require.NotContains(t, strings.ToLower(fmt.Sprintf("%+v %s %s", e, e.Before, e.After)), "hunter2")
	}
}

func TestADisabledAdministratorIsToldSoAfterThePasswordOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	_, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), attempt("jane", "wrong"))
	requireRefused(t, err, ampusers.WrongPassword)
	_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
	requireRefused(t, err, ampusers.AccountDisabled)
	require.Equal(t, "refused login jane: forbidden: disabled", h.told(t))
	_, err = h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
}

func TestWhoHasTakenAnotherKindOfAccountIsToldSo(t *testing.T) {
	t.Parallel()
	asked := 0
	h := newHouse(t, memstore.New(), func(o *ampusers.Options) {
		o.OtherAccount = func(_ context.Context, username string, password store.Secret) (string, error) {
			asked++
			switch {
			case username == "broken":
				return "", errors.New("the other store is down")
			case username == "crm" && password.Equal(secret("ami secret")):
				return "this is an AMI account", nil
			}
			return "", nil
		}
	})
	h.limited(t, "jane")
	_, err := h.Authenticate(t.Context(), attempt("crm", "ami secret"))
	requireRefused(t, err, ampusers.OtherAccount)
	require.EqualError(t, err, "this is an AMI account")
	for _, a := range []ampusers.Attempt{attempt("crm", "wrong"), attempt("jane", "ami secret"), attempt("broken", "ami secret")} {
		_, err = h.Authenticate(t.Context(), a)
		requireRefused(t, err, ampusers.WrongPassword)
	}
	require.Equal(t, 4, asked)
	_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
	require.Equal(t, 4, asked, "it is asked after a failure only")
}

func TestOlderHashesAreReplacedAtLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	// The SHA-1 of "password", as FreePBX keeps it.
	_, err := h.SetPasswordHash(t.Context(), "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
	require.NoError(t, err)
	for range 2 {
		_, err = h.Authenticate(t.Context(), attempt("jane", "password"))
		require.NoError(t, err)
	}
	kept, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Contains(t, kept.Credentials.PasswordHash.Reveal(), "$argon2id$")
	require.Len(t, h.entries(t, audit.Query{Action: "rehash"}), 1)
	h.requireProven(t)
}

func TestAHashOfNoKnownFormIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	for _, hash := range []string{"", "plain", "$1$abc$def", "$argon2id$v=19$m=4194304,t=100,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "5baa61e4"} {
		_, err := h.SetPasswordHash(t.Context(), "jane", secret(hash))
		requireFields(t, err, "password_hash: unknown")
	}
	_, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
}

// A hash that was damaged in the database lets nobody in, and is no outage.
func TestADamagedHashIsAWrongPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	require.NoError(t, h.store.UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Credentials.PasswordHash = secret("$argon2id$damaged")
		return nil
	}))
	_, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	requireRefused(t, err, ampusers.WrongPassword)
}

func TestWhoeverGuessesIsSlowedAndTheRightOwnerGetsIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	login, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
	guess := func(source string) error {
		_, err := h.Authenticate(t.Context(), ampusers.Attempt{Username: "jane", Password: secret("guess"), Source: source})
		return err
	}
	// From one source.
	held := 0
	for range 100 {
		if err := guess("203.0.113.9"); errors.Is(err, store.ErrThrottled) {
			throttled, ok := errors.AsType[*store.ThrottledError](err)
			require.True(t, ok)
			require.Positive(t, throttled.RetryAfter)
			held++
		}
	}
	require.Greater(t, held, 50)
	// From many.
	held = 0
	for i := range 200 {
		if errors.Is(guess(fmt.Sprintf("198.51.100.%d", i)), store.ErrThrottled) {
			held++
		}
	}
	require.Greater(t, held, 100)
	lines := len(h.entries(t, audit.Query{Outcome: audit.Refused, Page: store.Page{Limit: 1000}}))
	require.Less(t, lines, 150, "those that are held up do not fill the trail")
	require.NotEmpty(t, h.entries(t, audit.Query{Key: "jane", Outcome: audit.Refused}))

	// A made-up device helps nobody.
	made := attempt("jane", "guess")
	made.Source, made.Device = "198.51.100.250", secret(strings.Repeat("A", 43))
	_, err = h.Authenticate(t.Context(), made)
	require.ErrorIs(t, err, store.ErrThrottled)

	right := attempt("jane", goodPassword)
	right.Device = login.Device
	_, err = h.Authenticate(t.Context(), right)
	require.NoError(t, err)
}

func TestALoginObeysItsContext(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Authenticate(ctx, attempt("jane", goodPassword))
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Create(ctx, &ampusers.Administrator{Username: "joan"}, secret(goodPassword))
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Get(t.Context(), "joan")
	require.ErrorIs(t, err, store.ErrNotFound)
}

// code returns what an app shows.
func code(t testing.TB, key store.Secret, at time.Time) string {
	t.Helper()
	shown, err := totp.GenerateCode(key.Reveal(), at)
	require.NoError(t, err)
	return shown
}
