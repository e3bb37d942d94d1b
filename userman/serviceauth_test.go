package userman_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// verifyXMPP asks for XMPP, as a server that does not know addresses.
func (h *env) verifyXMPP(t testing.TB, username, password string) error {
	t.Helper()
	_, err := h.AuthenticateService(t.Context(), "xmpp", username, secret(password))
	return err
}

// The settings "Enabled" of XMPP, iSymphony and XactView.
func TestService_AuthenticateService_requiresPermission(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane"), goodPassword)
			for _, service := range []string{"xmpp", "isymphony", "xactview"} {
				_, err := h.AuthenticateService(t.Context(), service, "jane", secret(goodPassword))
				requireLoginError(t, err, credential.NotAuthorized)
				require.ErrorContains(t, err, "ask your administrator for the permission "+service+".login")
				allowed, err := h.CanUseService(t.Context(), service, "jane")
				require.NoError(t, err)
				require.False(t, allowed)

				h.setPermission(t, "jane", service+".login", permission.On())
				u, err := h.AuthenticateService(t.Context(), service, "JANE", secret(goodPassword))
				require.NoError(t, err)
				require.Equal(t, h.get(t, "jane"), u)
				_, err = h.AuthenticateService(t.Context(), service, "jane", secret("wrong"))
				requireLoginError(t, err, credential.InvalidCredentials)
				allowed, err = h.CanUseService(t.Context(), service, "jane")
				require.NoError(t, err)
				require.True(t, allowed)
			}
			require.True(t, h.get(t, "jane").LastLoginAt.IsZero(), "no session began")
			h.requireAuditIntact(t)
		})
	}
}

func TestService_VerifyPassword_acceptsPasswordOfUserWhoMayNotLogIn(t *testing.T) {
	t.Parallel()
	h := newService(t)
	ctx := anonymousContext(t, "192.0.2.7")
	requireVerified := func(want bool, username, password string) {
		t.Helper()
		correct, err := h.VerifyPassword(ctx, username, secret(password))
		require.NoError(t, err)
		require.Equal(t, want, correct)
	}
	h.createUser(t, newUser("jane"), goodPassword)
	requireVerified(true, "JANE", goodPassword)
	requireVerified(false, "jane", "wrong")
	requireVerified(false, "nobody", goodPassword)
	h.setPermission(t, "jane", permission.PortalLogin, permission.Off())
	requireVerified(true, "jane", goodPassword)
	_, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	requireVerified(true, "jane", goodPassword)
	require.Empty(t, h.entries(t, audit.Query{Action: "login"}), "the page that asks records the attempt")

	var rateLimited error
	for range 50 {
		if rateLimited == nil {
			_, rateLimited = h.AuthenticateService(ctx, "portal", "jane", secret("wrong"))
			_, denied := errors.AsType[*credential.LoginError](rateLimited)
			if denied {
				rateLimited = nil
			}
		}
	}
	require.ErrorIs(t, rateLimited, store.ErrRateLimited)
	requireVerified(false, "jane", goodPassword)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = h.VerifyPassword(ended, "jane", secret(goodPassword))
	require.Error(t, err)
}

func TestService_AuthenticateService_acceptsGroupPermission(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "Chat", permission.Permissions{permission.XMPPLogin: permission.On()})
	h.createUser(t, newUser("jane"), goodPassword)
	requireLoginError(t, h.verifyXMPP(t, "jane", goodPassword), credential.NotAuthorized)
	require.NoError(t, h.Groups().AddMembers(t.Context(), "Chat", "jane"))
	require.NoError(t, h.verifyXMPP(t, "jane", goodPassword))
}

func TestService_AuthenticateService_rejectsDisabledAndExpired(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.PasswordLifetime = 90 * 24 * time.Hour })
	h.createGroup(t, "Chat", permission.Permissions{permission.XMPPLogin: permission.On()})
	for _, username := range []string{"jane", "off", "must", "gone"} {
		u := newUser(username)
		u.Groups = []string{"Chat"}
		h.createUser(t, u, goodPassword)
	}
	_, err := h.Disable(t.Context(), "off")
	require.NoError(t, err)
	_, err = h.SetPassword(t.Context(), "must", secret(goodPassword), &userman.PasswordOptions{MustChange: true})
	require.NoError(t, err)
	require.NoError(t, h.Delete(t.Context(), "gone"))

	for username, want := range map[string]credential.LoginErrorCode{
		"off": credential.AccountDisabled, "must": credential.PasswordExpired, "gone": credential.InvalidCredentials,
	} {
		requireLoginError(t, h.verifyXMPP(t, username, goodPassword), want)
		requireLoginError(t, h.verifyXMPP(t, username, "wrong"), credential.InvalidCredentials)
	}
	require.NoError(t, h.verifyXMPP(t, "jane", goodPassword))
	h.clock.Advance(90 * 24 * time.Hour)
	err = h.verifyXMPP(t, "jane", goodPassword)
	requireLoginError(t, err, credential.PasswordExpired)
	require.ErrorContains(t, err, "change it in the portal")
	for username, want := range map[string]bool{"jane": true, "off": false, "gone": false, "nobody": false, "": false, strings.Repeat("j", 1<<20): false} {
		allowed, err := h.CanUseService(t.Context(), "xmpp", username)
		require.NoError(t, err)
		require.Equal(t, want, allowed, "%.10s", username)
	}
}

// A service has no place to type a code.
func TestService_AuthenticateService_skipsMFA(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.createUser(t, newUser("jane"), goodPassword)
	h.setPermission(t, "jane", permission.XMPPLogin, permission.On())
	h.enrollTOTP(t, jane.ID)
	require.NoError(t, h.verifyXMPP(t, "jane", goodPassword))
}

func TestService_AuthenticateService_usesNewPasswordImmediately(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	h.setPermission(t, "jane", permission.XMPPLogin, permission.On())
	require.NoError(t, h.verifyXMPP(t, "jane", goodPassword))
	_, err := h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
	require.NoError(t, err)
	requireLoginError(t, h.verifyXMPP(t, "jane", goodPassword), credential.InvalidCredentials)
	require.NoError(t, h.verifyXMPP(t, "jane", anotherPassword))
}

func TestService_AuthenticateService_rejectsUnknownService(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) {
		o.Permissions = []permission.Permission{
			{ID: "wiki.login", Kind: permission.KindBool, Default: permission.On(), Description: "May log in to the wiki."},
			{ID: "doors.login", Kind: permission.KindStrings, Default: permission.Set(), Description: "Is no service."},
		}
	})
	h.createUser(t, newUser("jane"), goodPassword)
	require.Equal(t, []string{"portal", "xmpp", "isymphony", "xactview", "wiki"}, permission.LoginServices(h.Permissions()))
	for _, service := range []string{"", "ftp", "XMPP", "xmpp.login", "voicemail", "doors", "rest"} {
		_, err := h.AuthenticateService(t.Context(), service, "jane", secret(goodPassword))
		requireFieldErrors(t, err, "service: unknown")
		_, err = h.CanUseService(t.Context(), service, "jane")
		requireFieldErrors(t, err, "service: unknown")
	}
	_, err := h.AuthenticateService(t.Context(), "wiki", "jane", secret(goodPassword))
	require.NoError(t, err)
}

// A server that hides addresses has many people behind it.
func TestService_AuthenticateService_limitsPerUserWithoutRemoteAddr(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "Chat", permission.Permissions{permission.XMPPLogin: permission.On()})
	for _, username := range []string{"jane", "joan"} {
		u := newUser(username)
		u.Groups = []string{"Chat"}
		h.createUser(t, u, goodPassword)
	}
	device := h.logIn(t, "jane", goodPassword).DeviceToken
	rateLimited := 0
	for range 100 {
		if errors.Is(h.verifyXMPP(t, "jane", "of last year"), store.ErrRateLimited) {
			rateLimited++
		}
	}
	require.Equal(t, 90, rateLimited)
	require.NoError(t, h.verifyXMPP(t, "joan", goodPassword))
	require.ErrorIs(t, h.verifyXMPP(t, "jane", goodPassword), store.ErrRateLimited, "that is what it costs")
	known := newLoginAttempt("jane", goodPassword)
	known.DeviceToken = device
	_, err := h.Authenticate(t.Context(), known)
	require.NoError(t, err)
	for _, e := range h.entries(t, audit.Query{Outcome: audit.Denied}) {
		require.Equal(t, "service:xmpp", e.Actor.Origin())
	}
}

func TestService_AuthenticateService_limitsPerRemoteAddr(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	h.setPermission(t, "jane", permission.XMPPLogin, permission.On())
	for i := range 30 {
		_, err := h.AuthenticateService(anonymousContext(t, "203.0.113.9"), "xmpp", fmt.Sprintf("name-%d", i), secret(goodPassword))
		require.Error(t, err)
	}
	_, err := h.AuthenticateService(anonymousContext(t, "203.0.113.9"), "xmpp", "jane", secret(goodPassword))
	require.ErrorIs(t, err, store.ErrRateLimited)
	_, err = h.AuthenticateService(anonymousContext(t, "203.0.113.10"), "xmpp", "jane", secret(goodPassword))
	require.NoError(t, err)
}

func TestService_AuthenticateService_rejectsConcurrentDisable(t *testing.T) {
	t.Parallel()
	dir := newHeadOffice()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	h.setPermission(t, "jane", permission.XMPPLogin, permission.On())
	h.moveToDirectory(t, "jane", "head-office", "uid-jane")
	slow := &hookDirectory{dir, func() {
		_, err := h.Disable(t.Context(), "jane")
		require.NoError(t, err)
	}}
	s := h.withTxHook(nil, withDirectories(slow))
	_, err := s.AuthenticateService(t.Context(), "xmpp", "jane", secret(goodPassword))
	requireLoginError(t, err, credential.InvalidCredentials)
}

// hookDirectory is a directory in which something happens while a password is
// compared.
type hookDirectory struct {
	*passwordDirectory

	onAuthenticate func()
}

func (d *hookDirectory) Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error) {
	d.onAuthenticate()
	return d.passwordDirectory.Authenticate(ctx, externalID, password)
}

// createXMPPUsers adds n people called person-0 and on, who all have goodPassword and may
// use XMPP.
func (h *env) createXMPPUsers(t testing.TB, n int) {
	t.Helper()
	u := newUser("person-0")
	u.Permissions = permission.Permissions{permission.XMPPLogin: permission.On()}
	h.createUser(t, u, goodPassword)
	first := h.storedUser(t, "person-0")
	require.NoError(t, h.store.RunInTx(t.Context(), func(ctx context.Context) error {
		for i := 1; i < n; i++ {
			u := first.Clone()
			u.ID, u.Username = store.UserID(fmt.Sprintf("%024d", i)), fmt.Sprintf("person-%d", i)
			if err := h.store.CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}))
}

// The memory that their hashes take is bounded by how many are computed at
// once, whoever waits: see the test of package internal/passwords. The race
// detector makes SQLite slow, where the benchmark has a thousand log in.
func TestService_AuthenticateService_handlesConcurrentLogins(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			n := map[string]int{"memstore": 1000, "SQLite": 150}[name]
			h.createXMPPUsers(t, n)
			for _, err := range runConcurrently(n, func(i int) error { return h.verifyXMPP(t, fmt.Sprintf("person-%d", i), goodPassword) }) {
				require.NoError(t, err)
			}
		})
	}
}

// BenchmarkService_AuthenticateService_concurrent has a thousand people log in to a service at
// the same instant, with hashes of the default costs, and tells what memory was
// in use at the most.
func BenchmarkService_AuthenticateService_concurrent(b *testing.B) {
	h := newServiceWithDB(b, sqlitetest.New(b), "", func(o *userman.Options) { o.Argon2 = credential.Argon2{} })
	h.createXMPPUsers(b, 1000)
	var peak atomic.Uint64
	done := make(chan struct{})
	go watchMemory(&peak, done)
	for b.Loop() {
		for _, err := range runConcurrently(1000, func(i int) error { return h.verifyXMPP(b, fmt.Sprintf("person-%d", i), goodPassword) }) {
			require.NoError(b, err)
		}
	}
	done <- struct{}{}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*1000), "ms/login")
	b.ReportMetric(float64(peak.Load())/(1<<20), "MiB-peak")
}

// watchMemory keeps the most memory of the heap that was seen in use, until it
// is told that all is done.
func watchMemory(peak *atomic.Uint64, done <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
		}
	}
}
