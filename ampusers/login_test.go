package ampusers_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func newLoginAttempt(username, password string) credential.LoginAttempt {
	return credential.LoginAttempt{Username: username, Password: secret(password), RemoteAddr: netip.MustParseAddr("192.0.2.1")}
}

func TestService_Authenticate_returnsAdministrator(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createLimited(t, "Jane", "managers")
			h.clock.Advance(time.Hour)
			login, err := h.Authenticate(t.Context(), newLoginAttempt(" jANE ", goodPassword))
			require.NoError(t, err)
			require.Equal(t, "Jane", login.Administrator.Username)
			require.Equal(t, h.clock.Now(), login.Administrator.LastLoginAt)
			require.Equal(t, -1, login.RecoveryCodesLeft)
			require.Len(t, login.DeviceToken.Reveal(), 43)

			e := h.auditEntries(t, audit.Query{Action: "login"})[0]
			require.Equal(t, audit.Succeeded, e.Outcome)
			require.Equal(t, "Jane", e.Key)
			require.Equal(t, audit.Actor{Kind: audit.Administrator, Name: "Jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")}, e.Actor)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Authenticate_sameErrorForInvalidCredentials(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createFull(t, "boss")
	h.createLimited(t, "jane")
	h.createLimited(t, "nopassword")
	h.createAdministrator(t, &ampusers.Administrator{Username: "invited"}, "")
	_, err := h.Disable(t.Context(), "nopassword")
	require.NoError(t, err)
	_, want := h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"))
	for _, a := range []credential.LoginAttempt{
		newLoginAttempt("jane", ""), newLoginAttempt("jane", goodPassword+" "), newLoginAttempt("jane", strings.ToUpper(goodPassword)), newLoginAttempt("jane", "\xff"),
		newLoginAttempt("jane", strings.Repeat("x", 1<<20)),
		newLoginAttempt("nobody", goodPassword), newLoginAttempt("", goodPassword), newLoginAttempt("\x00", goodPassword), newLoginAttempt(strings.Repeat("j", 1<<20), goodPassword),
		newLoginAttempt("invited", ""), newLoginAttempt("invited", goodPassword), newLoginAttempt("nopassword", "wrong"),
	} {
		h.clock.Advance(time.Hour)
		_, err := h.Authenticate(t.Context(), a)
		requireLoginError(t, err, credential.InvalidCredentials)
		require.Equal(t, want, err)
	}
}

// Some type their password into the field of the username.
func TestAudit_omitsUnknownUsernames(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	_, err := h.Authenticate(t.Context(), newLoginAttempt("Hunter2hunter2", "jane"))
	requireLoginError(t, err, credential.InvalidCredentials)
	require.Equal(t, "denied login : forbidden: invalid_credentials", h.lastAuditEntry(t))
	_, err = h.Authenticate(t.Context(), newLoginAttempt("JANE", "Hunter2hunter2"))
	requireLoginError(t, err, credential.InvalidCredentials)
	require.Equal(t, "denied login jane: forbidden: invalid_credentials", h.lastAuditEntry(t))
	require.Equal(t, audit.Actor{Kind: audit.Anonymous, RemoteAddr: netip.MustParseAddr("192.0.2.1")}, h.auditEntries(t, audit.Query{})[0].Actor)
	for _, e := range h.auditEntries(t, audit.Query{}) {
		require.NotContains(t, strings.ToLower(fmt.Sprintf("%+v %s %s", e, e.Before, e.After)), "hunter2")
	}
}

func TestService_Authenticate_revealsDisabledOnlyWithPassword(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	_, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", "wrong"))
	requireLoginError(t, err, credential.InvalidCredentials)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	requireLoginError(t, err, credential.AccountDisabled)
	require.Equal(t, "denied login jane: forbidden: account_disabled", h.lastAuditEntry(t))
	_, err = h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
}

func TestService_Authenticate_detectsWrongAccountType(t *testing.T) {
	t.Parallel()
	calls := 0
	h := newEnv(t, memstore.New(), func(o *ampusers.Options) {
		o.DetectAccountType = func(_ context.Context, username string, password store.Secret) (string, error) {
			calls++
			switch {
			case username == "broken":
				return "", errors.New("the other store is down")
			case username == "crm" && password.Equal(secret("ami secret")):
				return "this is an AMI account", nil
			}
			return "", nil
		}
	})
	h.createLimited(t, "jane")
	_, err := h.Authenticate(t.Context(), newLoginAttempt("crm", "ami secret"))
	requireLoginError(t, err, credential.WrongAccountType)
	require.EqualError(t, err, "this is an AMI account")
	for _, a := range []credential.LoginAttempt{newLoginAttempt("crm", "wrong"), newLoginAttempt("jane", "ami secret"), newLoginAttempt("broken", "ami secret")} {
		_, err = h.Authenticate(t.Context(), a)
		requireLoginError(t, err, credential.InvalidCredentials)
	}
	require.Equal(t, 4, calls)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	require.Equal(t, 4, calls, "it is asked after a failure only")
}

func TestService_Authenticate_rehashesLegacyHash(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	// The SHA-1 of "password", as FreePBX stores it.
	_, err := h.SetPasswordHash(t.Context(), "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
	require.NoError(t, err)
	for range 2 {
		_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", "password"))
		require.NoError(t, err)
	}
	stored, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Contains(t, stored.Credentials.PasswordHash.Reveal(), "$argon2id$")
	require.Len(t, h.auditEntries(t, audit.Query{Action: "rehash"}), 1)
	h.requireAuditIntact(t)
}

func TestService_SetPasswordHash_rejectsUnsupportedHash(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	for _, hash := range []string{"", "plain", "$1$abc$def", "$argon2id$v=19$m=4194304,t=100,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "5baa61e4"} {
		_, err := h.SetPasswordHash(t.Context(), "jane", secret(hash))
		requireFields(t, err, "password_hash: unknown")
	}
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
}

// A hash that was damaged in the database prevents a login, and is not an internal
// error.
func TestService_Authenticate_rejectsDamagedHash(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	require.NoError(t, h.store.UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Credentials.PasswordHash = secret("$argon2id$damaged")
		return nil
	}))
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	requireLoginError(t, err, credential.InvalidCredentials)
}

func TestService_Authenticate_limitsGuessesExceptOnTrustedDevice(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	guess := func(source string) error {
		_, err := h.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: secret("guess"), RemoteAddr: netip.MustParseAddr(source)})
		return err
	}
	// From one address.
	limited := 0
	for range 100 {
		if err := guess("203.0.113.9"); errors.Is(err, store.ErrRateLimited) {
			limitErr, ok := errors.AsType[*store.RateLimitedError](err)
			require.True(t, ok)
			require.Positive(t, limitErr.RetryAfter)
			limited++
		}
	}
	require.Greater(t, limited, 50)
	// From many addresses.
	limited = 0
	for i := range 200 {
		if errors.Is(guess(fmt.Sprintf("198.51.100.%d", i)), store.ErrRateLimited) {
			limited++
		}
	}
	require.Greater(t, limited, 100)
	lines := len(h.auditEntries(t, audit.Query{Outcome: audit.Denied, PageRequest: store.PageRequest{Limit: 1000}}))
	require.Less(t, lines, 150, "rate-limited attempts do not fill the audit log")
	require.NotEmpty(t, h.auditEntries(t, audit.Query{Key: "jane", Outcome: audit.Denied}))

	// An invented device token does not help.
	forged := newLoginAttempt("jane", "guess")
	forged.RemoteAddr, forged.DeviceToken = netip.MustParseAddr("198.51.100.250"), secret(strings.Repeat("A", 43))
	_, err = h.Authenticate(t.Context(), forged)
	require.ErrorIs(t, err, store.ErrRateLimited)

	right := newLoginAttempt("jane", goodPassword)
	right.DeviceToken = login.DeviceToken
	_, err = h.Authenticate(t.Context(), right)
	require.NoError(t, err)
}

func TestService_Authenticate_respectsContext(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Authenticate(ctx, newLoginAttempt("jane", goodPassword))
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Create(ctx, &ampusers.Administrator{Username: "joan"}, secret(goodPassword))
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Get(t.Context(), "joan")
	require.ErrorIs(t, err, store.ErrNotFound)
}

// totpCode returns the code that an app shows.
func totpCode(t testing.TB, key store.Secret, at time.Time) string {
	t.Helper()
	passcode, err := totp.GenerateCode(key.Reveal(), at)
	require.NoError(t, err)
	return passcode
}
