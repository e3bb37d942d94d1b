package userman_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func TestAPersonLogsInToThePortal(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "acme")
			created := h.add(t, person("Jane", "1001"), goodPassword)
			h.clock.Pass(time.Hour)
			login := h.logIn(t, " jANE ", goodPassword)
			require.Equal(t, "Jane", login.User.Username)
			require.Equal(t, h.clock.Now(), login.User.LastLoginAt)
			require.Equal(t, created.UpdatedAt, login.User.UpdatedAt, "a login is no change")
			require.Equal(t, -1, login.RecoveryCodesLeft)
			require.Len(t, login.Device.Reveal(), 43)
			require.False(t, login.MustChangePassword)

			e := h.entries(t, audit.Query{Action: "login"})[0]
			require.Equal(t, audit.Done, e.Outcome)
			require.Equal(t, "person", e.Kind)
			require.Equal(t, "acme/Jane", e.Key)
			require.Equal(t, audit.Actor{Kind: audit.Person, Name: "acme/Jane", Source: "192.0.2.1"}, e.Actor)
			h.requireProven(t)
		})
	}
}

func TestALoginIsRefusedAlikeForAllWhoDoNotKnowThePassword(t *testing.T) {
	t.Parallel()
	h := newService(t, withDirectories(headOffice()))
	for _, username := range []string{"jane", "off", "unpermitted", "elsewhere", "gone"} {
		h.add(t, person(username), goodPassword)
	}
	h.add(t, person("invited"), "")
	_, err := h.Disable(t.Context(), "off")
	require.NoError(t, err)
	h.permit(t, "unpermitted", userman.PortalLogin, userman.Off())
	h.becomeOf(t, "elsewhere", "head-office", "uid-jane")
	h.becomeOf(t, "gone", "closed", "uid-jane")
	_, want := h.Authenticate(t.Context(), attempt("jane", "wrong"))
	requireRefused(t, want, credential.WrongPassword)
	for _, a := range []credential.Attempt{
		attempt("jane", ""), attempt("jane", goodPassword+" "), attempt("jane", "\xff"), attempt("jane", strings.Repeat("x", 1<<20)),
		attempt("nobody", goodPassword), attempt("", goodPassword), attempt("\x00", goodPassword), attempt(strings.Repeat("j", 1<<20), goodPassword),
		attempt("invited", ""), attempt("invited", goodPassword),
		attempt("off", "wrong"), attempt("unpermitted", "wrong"), attempt("elsewhere", "wrong"), attempt("gone", goodPassword),
	} {
		h.clock.Pass(time.Hour)
		_, err := h.Authenticate(t.Context(), a)
		require.Equal(t, want, err, "%.20q", a.Username)
	}
}

// People type their password into the field of the username.
func TestANameThatNobodyHasIsNotKept(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), goodPassword)
	_, err := h.Authenticate(t.Context(), attempt("Hunter2hunter2", "jane"))
	requireRefused(t, err, credential.WrongPassword)
	require.Equal(t, "refused login : forbidden: wrong_password", h.told(t))
	_, err = h.Authenticate(t.Context(), attempt("JANE", "Hunter2hunter2"))
	requireRefused(t, err, credential.WrongPassword)
	require.Equal(t, "refused login jane: forbidden: wrong_password", h.told(t))
	for _, e := range h.entries(t, audit.Query{}) {
		require.NotContains(t, strings.ToLower(fmt.Sprintf("%+v %s %s", e, e.Before, e.After)), "hunter2")
	}
}

func TestADisabledPersonIsToldSoAfterThePasswordOnly(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), goodPassword)
	_, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), attempt("jane", "wrong"))
	requireRefused(t, err, credential.WrongPassword)
	_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
	requireRefused(t, err, credential.AccountDisabled)
	require.ErrorContains(t, err, "ask your administrator")
	_, err = h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	h.logIn(t, "jane", goodPassword)
}

// What administrators report as "User can't log into UCP".
func TestAPersonWhoMayNotUseThePortalIsToldSo(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), goodPassword)
	session := h.logIn(t, "jane", goodPassword).User
	h.permit(t, "jane", userman.PortalLogin, userman.Off())

	_, err := h.Authenticate(t.Context(), attempt("jane", "wrong"))
	requireRefused(t, err, credential.WrongPassword)
	_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
	requireRefused(t, err, credential.NotAllowed)
	require.EqualError(t, err, "you are not permitted to log in here; ask your administrator to turn on the permission portal.login for you")
	require.Equal(t, "refused login jane: forbidden: not_allowed", h.told(t))
	_, err = h.Session(t.Context(), session.ID, session.SessionGeneration)
	require.ErrorIs(t, err, store.ErrNotFound, "a session has the rights of now")

	h.permit(t, "jane", userman.PortalLogin, userman.On())
	h.logIn(t, "jane", goodPassword)
}

func TestPeopleLogInByEmailAndByExtensionWhereThatIsOn(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "", func(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = true, true })
			jane := person("jane", "1001", "2001")
			jane.Email = "Jane.Doe@Example.com"
			jane.FurtherEmails = []string{"jd@example.com"}
			h.add(t, jane, goodPassword)
			for _, typed := range []string{"jane", "jane.doe@example.com", " JANE.DOE@EXAMPLE.COM ", "1001"} {
				require.Equal(t, "jane", h.logIn(t, typed, goodPassword).User.Username, typed)
			}
			for _, typed := range []string{"jd@example.com", "2001", "01001", "doe@example.com", "@"} {
				_, err := h.Authenticate(t.Context(), attempt(typed, goodPassword))
				requireRefused(t, err, credential.WrongPassword)
			}
			require.Equal(t, "jane", h.entries(t, audit.Query{Action: "login", Outcome: audit.Done})[0].Key)
		})
	}
}

func TestPeopleLogInByUsernameAloneUnlessTold(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := person("jane", "1001")
	jane.Email = "jane@example.com"
	h.add(t, jane, goodPassword)
	for _, typed := range []string{"jane@example.com", "1001"} {
		_, err := h.Authenticate(t.Context(), attempt(typed, goodPassword))
		requireRefused(t, err, credential.WrongPassword)
	}
}

func TestAnEmailOfSeveralPeopleIsNobodys(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.LoginByEmail = true })
	for username, password := range map[string]string{"jane": goodPassword, "joan": anotherPassword} {
		u := person(username)
		u.Email = "sales@example.com"
		h.add(t, u, password)
	}
	for _, password := range []string{goodPassword, anotherPassword} {
		_, err := h.Authenticate(t.Context(), attempt("sales@example.com", password))
		requireRefused(t, err, credential.WrongPassword)
	}
	require.NoError(t, h.Delete(t.Context(), "joan"))
	require.Equal(t, "jane", h.logIn(t, "sales@example.com", goodPassword).User.Username)
}

// Whoever takes another one's email or extension as username gets no login of
// theirs, and the other one keeps the password.
func TestAUsernameGoesBeforeAnEmailAndAnExtension(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = true, true })
	jane := person("jane", "1001")
	jane.Email = "jane@example.com"
	h.add(t, jane, goodPassword)
	h.add(t, person("jane@example.com"), anotherPassword)
	h.add(t, person("1001"), anotherPassword)
	for _, typed := range []string{"jane@example.com", "1001"} {
		require.Equal(t, typed, h.logIn(t, typed, anotherPassword).User.Username)
		_, err := h.Authenticate(t.Context(), attempt(typed, goodPassword))
		requireRefused(t, err, credential.WrongPassword)
	}
}

func TestWhoeverGuessesIsSlowedAndTheRightOwnerGetsIn(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.LoginByExtension = true })
	h.add(t, person("jane", "1001"), goodPassword)
	device := h.logIn(t, "jane", goodPassword).Device
	held := 0
	for i := range 200 {
		a := attempt([]string{"jane", "JANE", "1001"}[i%3], "guess")
		a.Source = fmt.Sprintf("198.51.100.%d", i)
		if _, err := h.Authenticate(t.Context(), a); errors.Is(err, store.ErrThrottled) {
			held++
		}
	}
	require.Greater(t, held, 150, "one person is one count, whichever way they are called")
	stranger := attempt("jane", goodPassword)
	stranger.Source = "203.0.113.1"
	_, err := h.Authenticate(t.Context(), stranger)
	require.ErrorIs(t, err, store.ErrThrottled)
	stranger.Device = device
	_, err = h.Authenticate(t.Context(), stranger)
	require.NoError(t, err)
}

func TestAPersonOfADirectoryLogsInWithThePasswordOfTheDirectory(t *testing.T) {
	t.Parallel()
	directory := headOffice()
	h := newService(t, withDirectories(directory))
	h.add(t, person("jane"), anotherPassword)
	h.becomeOf(t, "jane", "head-office", "uid-jane")
	before := h.kept(t, "jane")
	h.logIn(t, "jane", goodPassword)
	require.Equal(t, []string{"uid-jane"}, directory.asked)
	for _, wrong := range []string{"", anotherPassword, "wrong"} {
		_, err := h.Authenticate(t.Context(), attempt("jane", wrong))
		requireRefused(t, err, credential.WrongPassword)
	}
	require.Len(t, directory.asked, 3, "an empty password is shown to no directory")
	require.Equal(t, before.Credentials.PasswordHash, h.kept(t, "jane").Credentials.PasswordHash, "no copy of it is kept")

	directory.fails = errors.New("the directory is down")
	_, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.EqualError(t, err, "the directory is down")
}

func TestALoginObeysItsContext(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), goodPassword)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Authenticate(ctx, attempt("jane", goodPassword))
	require.ErrorIs(t, err, context.Canceled)
}

func TestASessionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ctx context.Context, h *house) error{
		"with a new password": func(ctx context.Context, h *house) error {
			_, err := h.SetPassword(ctx, "jane", secret(anotherPassword), nil)
			return err
		},
		"with a hash": func(ctx context.Context, h *house) error {
			_, err := h.SetPasswordHash(ctx, "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
			return err
		},
		"with a link": func(ctx context.Context, h *house) error {
			link, err := h.Invite(ctx, "jane")
			if err != nil {
				return err
			}
			_, err = h.AcceptInvitation(ctx, link.Token, secret(anotherPassword))
			return err
		},
		"when disabled": func(ctx context.Context, h *house) error { _, err := h.Disable(ctx, "jane"); return err },
		"when deleted":  func(ctx context.Context, h *house) error { return h.Delete(ctx, "jane") },
		"when all end":  func(ctx context.Context, h *house) error { return h.EndSessions(ctx, "jane") },
		"when not permitted": func(ctx context.Context, h *house) error {
			_, err := h.Update(ctx, "jane", func(u *userman.User) error {
				u.Permissions = userman.Permissions{userman.PortalLogin: userman.Off()}
				return nil
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			h.add(t, person("jane"), goodPassword)
			u := h.logIn(t, "jane", goodPassword).User
			_, err := h.Session(t.Context(), u.ID, u.SessionGeneration)
			require.NoError(t, err)
			require.NoError(t, end(t.Context(), h))
			_, err = h.Session(t.Context(), u.ID, u.SessionGeneration)
			require.ErrorIs(t, err, store.ErrNotFound)
			h.requireProven(t)
		})
	}
}

func TestARenamedPersonKeepsTheSession(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), goodPassword)
	u := h.logIn(t, "jane", goodPassword).User
	h.update(t, "jane", func(u *userman.User) { u.Username = "jane.doe" })
	now, err := h.Session(t.Context(), u.ID, u.SessionGeneration)
	require.NoError(t, err)
	require.Equal(t, "jane.doe", now.Username)
	_, err = h.Session(t.Context(), "jane.doe", u.SessionGeneration)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestAnUnknownPersonTakesAsLongAsAWrongPassword(t *testing.T) { //nolint:paralleltest // it measures
	h := newService(t, withDirectories(headOffice()), func(o *userman.Options) {
		o.Argon2 = userman.Argon2{Memory: 4 << 10, Time: 1, Threads: 1}
		o.LoginByEmail, o.LoginByExtension = true, true
	})
	h.add(t, person("jane"), goodPassword)
	h.add(t, person("invited"), "")
	h.add(t, person("elsewhere"), "")
	h.becomeOf(t, "elsewhere", "head-office", "uid-elsewhere")
	took := func(username string) time.Duration {
		h.clock.Pass(time.Hour)
		begin := time.Now()
		_, err := h.Authenticate(t.Context(), attempt(username, "wrong"))
		requireRefused(t, err, credential.WrongPassword)
		return time.Since(begin)
	}
	for _, username := range []string{"nobody", "invited", "elsewhere", "nobody@example.com", "1001"} {
		// The quickest of several is what it takes when nothing else runs; a
		// machine that is busy takes more tries.
		known, unknown := time.Hour, time.Hour
		for try := 0; try < 5 || unknown < known*2/3 || unknown > known*3/2; try++ {
			require.Less(t, try, 200, "%s takes %s rather than %s", username, unknown, known)
			known, unknown = min(known, took("jane")), min(unknown, took(username))
		}
	}
}
