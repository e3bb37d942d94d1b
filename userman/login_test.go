package userman_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestService_Authenticate_startsPortalSession(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "acme")
			created := h.createUser(t, newUser("Jane", "1001"), goodPassword)
			h.clock.Advance(time.Hour)
			login := h.logIn(t, " jANE ", goodPassword)
			require.Equal(t, "Jane", login.User.Username)
			require.Equal(t, h.clock.Now(), login.User.LastLoginAt)
			require.Equal(t, created.UpdatedAt, login.User.UpdatedAt, "a login is no change")
			require.Equal(t, -1, login.RecoveryCodesLeft)
			require.Len(t, login.DeviceToken.Reveal(), 43)
			require.False(t, login.MustChangePassword)

			e := h.entries(t, audit.Query{Action: "login"})[0]
			require.Equal(t, audit.Succeeded, e.Outcome)
			require.Equal(t, "user", e.Kind)
			require.Equal(t, "acme/Jane", e.Key)
			require.Equal(t, audit.Actor{Kind: audit.User, Name: "acme/Jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")}, e.Actor)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Authenticate_returnsUniformError(t *testing.T) {
	t.Parallel()
	h := newService(t, withDirectories(newHeadOffice()))
	for _, username := range []string{"jane", "off", "unpermitted", "elsewhere", "gone"} {
		h.createUser(t, newUser(username), goodPassword)
	}
	h.createUser(t, newUser("invited"), "")
	_, err := h.Disable(t.Context(), "off")
	require.NoError(t, err)
	h.setPermission(t, "unpermitted", permission.PortalLogin, permission.Off())
	h.moveToDirectory(t, "elsewhere", "head-office", "uid-jane")
	h.moveToDirectory(t, "gone", "closed", "uid-jane")
	_, want := h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"))
	requireLoginError(t, want, credential.InvalidCredentials)
	for _, a := range []credential.LoginAttempt{
		newLoginAttempt("jane", ""), newLoginAttempt("jane", goodPassword+" "), newLoginAttempt("jane", "\xff"), newLoginAttempt("jane", strings.Repeat("x", 1<<20)),
		newLoginAttempt("nobody", goodPassword), newLoginAttempt("", goodPassword), newLoginAttempt("\x00", goodPassword), newLoginAttempt(strings.Repeat("j", 1<<20), goodPassword),
		newLoginAttempt("invited", ""), newLoginAttempt("invited", goodPassword),
		newLoginAttempt("off", "wrong"), newLoginAttempt("unpermitted", "wrong"), newLoginAttempt("elsewhere", "wrong"), newLoginAttempt("gone", goodPassword),
	} {
		h.clock.Advance(time.Hour)
		_, err := h.Authenticate(t.Context(), a)
		require.Equal(t, want, err, "%.20q", a.Username)
	}
}

// People type their password into the field of the username.
func TestService_Authenticate_omitsUnknownUsernameFromAudit(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	_, err := h.Authenticate(t.Context(), newLoginAttempt("Hunter2hunter2", "jane"))
	requireLoginError(t, err, credential.InvalidCredentials)
	require.Equal(t, "denied login : forbidden: invalid_credentials", h.lastAuditEntry(t))
	_, err = h.Authenticate(t.Context(), newLoginAttempt("JANE", "Hunter2hunter2"))
	requireLoginError(t, err, credential.InvalidCredentials)
	require.Equal(t, "denied login jane: forbidden: invalid_credentials", h.lastAuditEntry(t))
	for _, e := range h.entries(t, audit.Query{}) {
		require.NotContains(t, strings.ToLower(fmt.Sprintf("%+v %s %s", e, e.Before, e.After)), "hunter2")
	}
}

func TestService_Authenticate_reportsDisabledAfterPassword(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	_, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"))
	requireLoginError(t, err, credential.InvalidCredentials)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	requireLoginError(t, err, credential.AccountDisabled)
	require.ErrorContains(t, err, "ask your administrator")
	_, err = h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	h.logIn(t, "jane", goodPassword)
}

// What administrators report as "User can't log into UCP".
func TestService_Authenticate_requiresPortalPermission(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	session := h.logIn(t, "jane", goodPassword).User
	h.setPermission(t, "jane", permission.PortalLogin, permission.Off())

	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"))
	requireLoginError(t, err, credential.InvalidCredentials)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	requireLoginError(t, err, credential.NotAuthorized)
	require.EqualError(t, err, "you are not authorized to log in here; ask your administrator for the permission portal.login")
	require.Equal(t, "denied login jane: forbidden: not_authorized", h.lastAuditEntry(t))
	_, err = h.Session(t.Context(), session.ID, session.SessionEpoch)
	require.ErrorIs(t, err, store.ErrNotFound, "a session has the rights of now")

	h.setPermission(t, "jane", permission.PortalLogin, permission.On())
	h.logIn(t, "jane", goodPassword)
}

func TestService_Authenticate_acceptsEmailAndExtension(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "", func(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = true, true })
			jane := newUser("jane", "1001", "2001")
			jane.Email = "Jane.Doe@Example.com"
			jane.OtherEmails = []string{"jd@example.com"}
			h.createUser(t, jane, goodPassword)
			for _, input := range []string{"jane", "jane.doe@example.com", " JANE.DOE@EXAMPLE.COM ", "1001"} {
				require.Equal(t, "jane", h.logIn(t, input, goodPassword).User.Username, input)
			}
			for _, input := range []string{"jd@example.com", "2001", "01001", "doe@example.com", "@"} {
				_, err := h.Authenticate(t.Context(), newLoginAttempt(input, goodPassword))
				requireLoginError(t, err, credential.InvalidCredentials)
			}
			require.Equal(t, "jane", h.entries(t, audit.Query{Action: "login", Outcome: audit.Succeeded})[0].Key)
		})
	}
}

func TestService_Authenticate_acceptsUsernameOnlyByDefault(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane", "1001")
	jane.Email = "jane@example.com"
	h.createUser(t, jane, goodPassword)
	for _, input := range []string{"jane@example.com", "1001"} {
		_, err := h.Authenticate(t.Context(), newLoginAttempt(input, goodPassword))
		requireLoginError(t, err, credential.InvalidCredentials)
	}
}

func TestService_Authenticate_rateLimitSparesTrustedDevice(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.LoginByExtension = true })
	h.createUser(t, newUser("jane", "1001"), goodPassword)
	device := h.logIn(t, "jane", goodPassword).DeviceToken
	rateLimited := 0
	for i := range 200 {
		a := newLoginAttempt([]string{"jane", "JANE", "1001"}[i%3], "guess")
		a.RemoteAddr = netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", i))
		if _, err := h.Authenticate(t.Context(), a); errors.Is(err, store.ErrRateLimited) {
			rateLimited++
		}
	}
	require.Greater(t, rateLimited, 150, "one person is one count, whichever way they are called")
	other := newLoginAttempt("jane", goodPassword)
	other.RemoteAddr = netip.MustParseAddr("203.0.113.1")
	_, err := h.Authenticate(t.Context(), other)
	require.ErrorIs(t, err, store.ErrRateLimited)
	other.DeviceToken = device
	_, err = h.Authenticate(t.Context(), other)
	require.NoError(t, err)
}

func TestService_Authenticate_verifiesDirectoryPassword(t *testing.T) {
	t.Parallel()
	dir := newHeadOffice()
	h := newService(t, withDirectories(dir))
	h.createUser(t, newUser("jane"), anotherPassword)
	h.moveToDirectory(t, "jane", "head-office", "uid-jane")
	before := h.storedUser(t, "jane")
	h.logIn(t, "jane", goodPassword)
	require.Equal(t, []string{"uid-jane"}, dir.authCalls)
	for _, wrongPassword := range []string{"", anotherPassword, "wrong"} {
		_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", wrongPassword))
		requireLoginError(t, err, credential.InvalidCredentials)
	}
	require.Len(t, dir.authCalls, 3, "an empty password is shown to no directory")
	require.Equal(t, before.Credentials.PasswordHash, h.storedUser(t, "jane").Credentials.PasswordHash, "no copy of it is kept")

	dir.err = errors.New("the directory is down")
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.EqualError(t, err, "the directory is down")
}

func TestService_Authenticate_respectsContext(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Authenticate(ctx, newLoginAttempt("jane", goodPassword))
	require.ErrorIs(t, err, context.Canceled)
}

func TestService_Session_endsOnCredentialChange(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ctx context.Context, h *env) error{
		"with a new password": func(ctx context.Context, h *env) error {
			_, err := h.SetPassword(ctx, "jane", secret(anotherPassword), nil)
			return err
		},
		"with a hash": func(ctx context.Context, h *env) error {
			_, err := h.SetPasswordHash(ctx, "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
			return err
		},
		"with a link": func(ctx context.Context, h *env) error {
			link, err := h.Invite(ctx, "jane")
			if err != nil {
				return err
			}
			_, err = h.AcceptInvitation(ctx, link.Token, secret(anotherPassword))
			return err
		},
		"when disabled": func(ctx context.Context, h *env) error { _, err := h.Disable(ctx, "jane"); return err },
		"when deleted":  func(ctx context.Context, h *env) error { return h.Delete(ctx, "jane") },
		"when all end":  func(ctx context.Context, h *env) error { return h.EndSessions(ctx, "jane") },
		"when not permitted": func(ctx context.Context, h *env) error {
			_, err := h.Update(ctx, "jane", func(u *userman.User) error {
				u.Permissions = permission.Permissions{permission.PortalLogin: permission.Off()}
				return nil
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			h.createUser(t, newUser("jane"), goodPassword)
			u := h.logIn(t, "jane", goodPassword).User
			_, err := h.Session(t.Context(), u.ID, u.SessionEpoch)
			require.NoError(t, err)
			require.NoError(t, end(t.Context(), h))
			_, err = h.Session(t.Context(), u.ID, u.SessionEpoch)
			require.ErrorIs(t, err, store.ErrNotFound)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Session_survivesRename(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	u := h.logIn(t, "jane", goodPassword).User
	h.update(t, "jane", func(u *userman.User) { u.Username = "jane.doe" })
	now, err := h.Session(t.Context(), u.ID, u.SessionEpoch)
	require.NoError(t, err)
	require.Equal(t, "jane.doe", now.Username)
	_, err = h.Session(t.Context(), "jane.doe", u.SessionEpoch)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Authenticate_takesConstantTime(t *testing.T) { //nolint:paralleltest // it measures
	h := newService(t, withDirectories(newHeadOffice()), func(o *userman.Options) {
		o.Argon2 = credential.Argon2{Memory: 4 << 10, Time: 1, Threads: 1}
		o.LoginByEmail, o.LoginByExtension = true, true
	})
	h.createUser(t, newUser("jane"), goodPassword)
	h.createUser(t, newUser("invited"), "")
	h.createUser(t, newUser("elsewhere"), "")
	h.moveToDirectory(t, "elsewhere", "head-office", "uid-elsewhere")
	measure := func(username string) time.Duration {
		h.clock.Advance(time.Hour)
		start := time.Now()
		_, err := h.Authenticate(t.Context(), newLoginAttempt(username, "wrong"))
		requireLoginError(t, err, credential.InvalidCredentials)
		return time.Since(start)
	}
	for _, username := range []string{"nobody", "invited", "elsewhere", "nobody@example.com", "1001"} {
		// The quickest of several is what it takes when nothing else runs; a
		// machine that is busy takes more tries.
		known, unknown := time.Hour, time.Hour
		for try := 0; try < 5 || unknown < known*2/3 || unknown > known*3/2; try++ {
			require.Less(t, try, 200, "%s takes %s rather than %s", username, unknown, known)
			known, unknown = min(known, measure("jane")), min(unknown, measure(username))
		}
	}
}
