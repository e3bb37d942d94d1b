package login_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

func TestALoginIsWrittenAndTold(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"jane", " JANE ", "jane@example.com"} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			done, err := h.Authenticate(t.Context(), attempt(typed, rightPassword), nil)
			require.NoError(t, err)
			require.Equal(t, "Jane", done.Account.Name)
			require.Equal(t, -1, done.RecoveryCodesLeft)
			require.Len(t, done.Device.Reveal(), 43)
			require.Equal(t, h.jane(t), done.Account)
			require.Equal(t, h.clock.Now(), done.Account.LastLoginAt)
			require.Equal(t, []credential.Device{{TokenHash: login.HashToken(done.Device), UsedAt: h.clock.Now()}}, done.Account.Credentials.Devices)

			told := h.entries(t, audit.Query{})
			require.Len(t, told, 1)
			require.Equal(t, audit.Actor{Kind: audit.Person, Name: "Jane", Source: "192.0.2.1"}, told[0].Actor)
			require.Equal(t, []string{"done login Jane"}, h.told(t))
		})
	}
}

func TestUnknownNamesAndWrongPasswordsLookAlike(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, "8", "nopassword")
	h.records.change("8", func(a *login.Account) { a.Credentials = credential.Set{} })
	var first error
	for name, guess := range map[string]credential.Attempt{
		"wrong password":     attempt("jane", "wrong"),
		"no password given":  attempt("jane", ""),
		"unknown":            attempt("joan", rightPassword),
		"no password set":    attempt("nopassword", rightPassword),
		"nothing typed":      attempt("", rightPassword),
		"no name at all":     attempt("\x00\xff", rightPassword),
		"a name of 1 MB":     attempt(strings.Repeat("jane", 1<<18), rightPassword),
		"a password of 1 MB": attempt("jane", strings.Repeat("jane", 1<<18)),
	} {
		h.hashing.all.Store(0)
		_, err := h.Authenticate(t.Context(), guess, nil)
		requireRefused(t, err, credential.WrongPassword)
		require.EqualValues(t, 1, h.hashing.all.Load(), name)
		if first == nil {
			first = err
		}
		require.Equal(t, first, err, name)
	}
	// People type passwords where names belong.
	require.Len(t, h.entries(t, audit.Query{}), 8)
	for _, line := range h.told(t) {
		require.Contains(t, []string{
			"refused login : forbidden: wrong_password", "refused login Jane: forbidden: wrong_password", "refused login nopassword: forbidden: wrong_password",
		}, line)
	}
}

// Whoever is told no in either case, as by a service, is not told by the time
// that there is somebody of that name.
func TestWhoIsNotHandedOutTakesAsLongAsAnUnknownName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.records.closed = map[string]bool{"7": true}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for verb, ask := range map[string]func(ctx context.Context, password string) error{
		"Authenticate": func(ctx context.Context, password string) error {
			_, err := h.Authenticate(ctx, attempt("jane", password), nil)
			return err
		},
		"Verify": func(ctx context.Context, password string) error {
			_, err := h.Verify(ctx, attempt("jane", password), nil)
			return err
		},
	} {
		for _, password := range []string{rightPassword, "wrong", "", strings.Repeat("jane", 1<<18)} {
			h.hashing.all.Store(0)
			err := ask(t.Context(), password)
			_, forbidden := errors.AsType[*store.ForbiddenError](err)
			require.True(t, forbidden, "%s: %v", verb, err)
			require.EqualValues(t, 1, h.hashing.all.Load(), verb)
		}
		require.ErrorIs(t, ask(ended, rightPassword), context.Canceled, "it waits for its turn no longer than its context")
	}
	other := attempt("jane", "")
	other.Source = "192.0.2.2"
	_, err := h.Confirm(t.Context(), other, h.jane(t).Generation, nil)
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Empty(t, h.told(t), "that is for the records to tell")
}

func TestADamagedHashIsAWrongPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.records.change("7", func(a *login.Account) { a.Credentials.PasswordHash = secret("$argon2id$damaged") })
	_, err := h.Authenticate(t.Context(), attempt("jane", rightPassword), nil)
	requireRefused(t, err, credential.WrongPassword)
}

func TestWhoIsDisabledIsToldOnlyWithTheRightPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.records.change("7", func(a *login.Account) { a.Disabled = true })
	_, err := h.Authenticate(t.Context(), attempt("jane", "wrong"), nil)
	requireRefused(t, err, credential.WrongPassword)
	_, err = h.Authenticate(t.Context(), attempt("jane", rightPassword), nil)
	requireRefused(t, err, credential.AccountDisabled)
	require.EqualError(t, err, "this person is disabled; ask an administrator")
	_, err = h.Verify(t.Context(), attempt("jane", rightPassword), nil)
	requireRefused(t, err, credential.AccountDisabled)
	_, err = h.Confirm(t.Context(), attempt("jane", ""), 5, nil)
	requireRefused(t, err, credential.AccountDisabled)
	require.Zero(t, h.jane(t).LastLoginAt)
}

func TestWhoMayNotIsToldAfterThePasswordAndBeforeTheCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.enrol(t)
	asked := 0
	vet := func(_ context.Context, a *login.Account) error {
		asked++
		require.Equal(t, "7", a.ID)
		return &credential.LoginError{Code: credential.NotAllowed, Message: "you may not use this; ask an administrator"}
	}
	_, err := h.Authenticate(t.Context(), attempt("jane", "wrong"), vet)
	requireRefused(t, err, credential.WrongPassword)
	require.Zero(t, asked)
	_, err = h.Authenticate(t.Context(), attempt("jane", rightPassword), vet)
	requireRefused(t, err, credential.NotAllowed)
	require.Equal(t, "refused login Jane: forbidden: not_allowed", h.told(t)[0])
	_, err = h.Verify(t.Context(), attempt("jane", rightPassword), vet)
	requireRefused(t, err, credential.NotAllowed)
	with := attempt("jane", "")
	with.Code = code(t, key, h.clock.Now())
	_, err = h.Confirm(t.Context(), with, 5, vet)
	requireRefused(t, err, credential.NotAllowed)
	require.Equal(t, 3, asked)
	_, err = h.Confirm(t.Context(), with, 5, nil)
	require.NoError(t, err, "the code is not spent yet")
}

func TestAnOutdatedHashIsReplacedAtTheLogin(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(h *house) error{
		"authenticate": func(h *house) error {
			_, err := h.Authenticate(context.Background(), attempt("jane", "password"), nil)
			return err
		},
		"verify": func(h *house) error {
			_, err := h.Verify(context.Background(), attempt("jane", "password"), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.records.change("7", func(a *login.Account) {
				a.Credentials.PasswordHash = secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8")
			})
			require.NoError(t, act(h))
			require.Contains(t, h.jane(t).Credentials.PasswordHash.Reveal(), "$argon2id$")
			rehash := h.entries(t, audit.Query{Action: "rehash"})
			require.Len(t, rehash, 1)
			require.Equal(t, audit.Actor{Kind: audit.System, Source: "192.0.2.1"}, rehash[0].Actor)
			require.NoError(t, act(h))
			require.Len(t, h.entries(t, audit.Query{Action: "rehash"}), 1)
		})
	}
}

func TestACodeIsSpentOnceByTwoAtTheSameInstant(t *testing.T) {
	t.Parallel()
	for name, pick := range map[string]func(t *testing.T, h *house) string{
		"of the app": func(t *testing.T, h *house) string {
			t.Helper()
			key, _ := h.enrol(t)
			return code(t, key, h.clock.Now())
		},
		"of recovery": func(t *testing.T, h *house) string {
			t.Helper()
			_, recovery := h.enrol(t)
			return recovery[3].Reveal()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			with := attempt("jane", rightPassword)
			with.Code = pick(t, h)
			failed := together(2, func(i int) error {
				mine := with
				mine.Source = fmt.Sprintf("192.0.2.%d", i+1)
				_, err := h.Authenticate(t.Context(), mine, nil)
				return err
			})
			if failed[0] != nil {
				failed[0], failed[1] = failed[1], failed[0]
			}
			require.NoError(t, failed[0])
			requireRefused(t, failed[1], credential.WrongCode)
			require.Len(t, h.entries(t, audit.Query{Action: "login", Outcome: audit.Done}), 1)
		})
	}
}

func TestALoginWithACodeIsInTwoSteps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, recovery := h.enrol(t)
	_, err := h.Authenticate(t.Context(), attempt("jane", rightPassword), nil)
	requireRefused(t, err, credential.CodeRequired)
	wait, ok := errors.AsType[*credential.LoginError](err)
	require.True(t, ok)
	require.Empty(t, h.told(t), "that a code is asked for is not worth a line")

	with := attempt("jane", "")
	with.Code = recovery[0].Reveal()
	_, err = h.Confirm(t.Context(), with, wait.Generation+1, nil)
	requireRefused(t, err, credential.WrongPassword)
	done, err := h.Confirm(t.Context(), with, wait.Generation, nil)
	require.NoError(t, err)
	require.Equal(t, 9, done.RecoveryCodesLeft)
	_, err = h.Confirm(t.Context(), with, wait.Generation, nil)
	requireRefused(t, err, credential.WrongCode)
	with.Code = strings.Repeat("1", 1<<20)
	_, err = h.Confirm(t.Context(), with, wait.Generation, nil)
	requireRefused(t, err, credential.WrongCode)
	with.Code = code(t, key, h.clock.Now())
	_, err = h.Confirm(t.Context(), with, wait.Generation, nil)
	require.NoError(t, err)
}

func TestALoginThatWasOvertakenIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens func(r *records)
		want    credential.Code
	}{
		"by the end of all sessions": {func(r *records) { r.change("7", func(a *login.Account) { a.Generation++ }) }, credential.WrongPassword},
		"by being disabled":          {func(r *records) { r.change("7", func(a *login.Account) { a.Disabled = true }) }, credential.AccountDisabled},
		"by a deletion":              {func(r *records) { r.mu.Lock(); delete(r.people, "7"); r.mu.Unlock() }, credential.WrongPassword},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			_, err := h.Authenticate(t.Context(), attempt("jane", rightPassword), func(context.Context, *login.Account) error {
				test.happens(h.records)
				return nil
			})
			requireRefused(t, err, test.want)
			require.Empty(t, h.entries(t, audit.Query{Outcome: audit.Done}))
		})
	}
}

func TestAnotherKindOfAccountIsToldOfAtAWrongPasswordOnly(t *testing.T) {
	t.Parallel()
	asked := 0
	h := newHouse(t, func(o *login.Options) {
		o.Other = func(_ context.Context, username string, password store.Secret) (string, error) {
			asked++
			switch {
			case username == "down":
				return "", errors.New("the other store is down")
			case username == "crm" && password.Reveal() == "its secret":
				return "this is an AMI account; it cannot log in here", nil
			}
			return "", nil
		}
	})
	_, err := h.Authenticate(t.Context(), attempt("crm", "its secret"), nil)
	requireRefused(t, err, credential.OtherAccount)
	for _, guess := range []credential.Attempt{attempt("crm", "wrong"), attempt("down", "wrong")} {
		_, err = h.Authenticate(t.Context(), guess, nil)
		requireRefused(t, err, credential.WrongPassword)
	}
	require.Equal(t, 3, asked)
	for _, guess := range []credential.Attempt{attempt("jane", rightPassword), attempt(strings.Repeat("x", 1<<20), "x"), attempt("x", strings.Repeat("x", 1<<20))} {
		_, _ = h.Authenticate(t.Context(), guess, nil)
	}
	require.Equal(t, 3, asked, "neither after the right password, nor of what is too long")
}

func TestALoginObeysItsContext(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Authenticate(ctx, attempt("jane", rightPassword), nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Verify(ctx, attempt("jane", rightPassword), nil)
	require.ErrorIs(t, err, context.Canceled)
	// Somebody who does not wait for the answer is not worth a line.
	ctx, cancel = context.WithCancel(t.Context())
	h.records.change("7", func(a *login.Account) {
		a.Check = func(ctx context.Context, _ store.Secret) (bool, error) {
			cancel()
			return false, ctx.Err()
		}
	})
	_, err = h.Verify(ctx, attempt("jane", rightPassword), nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, h.told(t))
}

func TestTheDeviceThatWasNotUsedForLongestIsForgotten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var tokens []store.Secret
	for range credential.MaxDevices + 1 {
		h.clock.Pass(time.Minute)
		done, err := h.Authenticate(t.Context(), attempt("jane", rightPassword), nil)
		require.NoError(t, err)
		tokens = append(tokens, done.Device)
	}
	require.Len(t, h.jane(t).Credentials.Devices, credential.MaxDevices)
	// An unknown device is remembered in place of the oldest one: it goes last.
	for _, again := range []struct {
		device store.Secret
		known  bool
	}{{tokens[1], true}, {tokens[0], false}} {
		attempt := attempt("jane", rightPassword)
		attempt.Device = again.device
		done, err := h.Authenticate(t.Context(), attempt, nil)
		require.NoError(t, err)
		require.Equal(t, again.known, done.Device.Equal(again.device))
	}
}
