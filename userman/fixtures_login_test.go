package userman_test

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func newLoginAttempt(username, password string) credential.LoginAttempt {
	return credential.LoginAttempt{Username: username, Password: secret(password), RemoteAddr: netip.MustParseAddr("192.0.2.1")}
}

// logIn logs somebody in to the portal.
func (h *env) logIn(t testing.TB, username, password string) *userman.Login {
	t.Helper()
	login, err := h.Authenticate(t.Context(), newLoginAttempt(username, password))
	require.NoError(t, err)
	return login
}

// requireLoginError requires a LoginError of that code.
func requireLoginError(t testing.TB, err error, want credential.LoginErrorCode) {
	t.Helper()
	require.Equal(t, want, loginError(t, err).Code)
	require.ErrorIs(t, err, store.ErrForbidden)
}

// mfaAttempt gives the right password of jane and returns the second step, without
// its code.
func (h *env) mfaAttempt(t testing.TB, password string) credential.MFAAttempt {
	t.Helper()
	login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", password))
	require.NoError(t, err)
	require.True(t, login.MFARequired())
	require.Nil(t, login.User)
	return credential.MFAAttempt{Token: login.MFAToken, RemoteAddr: netip.MustParseAddr("192.0.2.1")}
}

func loginError(t testing.TB, err error) *credential.LoginError {
	t.Helper()
	loginErr, ok := errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	return loginErr
}

// requireConflict requires a ConflictError that says that.
func requireConflict(t testing.TB, err error, substr string) {
	t.Helper()
	_, ok := errors.AsType[*store.ConflictError](err)
	require.True(t, ok, "%v", err)
	require.ErrorContains(t, err, substr)
}

// requireLinkExpired requires a LinkExpiredError.
func requireLinkExpired(t testing.TB, err error) {
	t.Helper()
	_, ok := errors.AsType[*credential.LinkExpiredError](err)
	require.True(t, ok, "%v", err)
	require.ErrorIs(t, err, store.ErrNotFound)
}

// requireLinkNotFound requires the refusal of a link that is none, and not of one
// that has expired.
func requireLinkNotFound(t testing.TB, err error) {
	t.Helper()
	_, ok := errors.AsType[*store.NotFoundError](err)
	require.True(t, ok, "%v", err)
}

// totpCode returns what an app shows.
func totpCode(t testing.TB, key store.Secret, at time.Time) string {
	t.Helper()
	passcode, err := totp.GenerateCode(key.Reveal(), at)
	require.NoError(t, err)
	return passcode
}

// anonymousContext is a visitor at that address.
func anonymousContext(t testing.TB, remoteAddr string) context.Context {
	t.Helper()
	return audit.WithActor(t.Context(), audit.Actor{Kind: audit.Anonymous, RemoteAddr: netip.MustParseAddr(remoteAddr)})
}

// setPermission says something about a person alone.
func (h *env) setPermission(t testing.TB, username, id string, value permission.Value) {
	t.Helper()
	h.update(t, username, func(u *userman.User) {
		if u.Permissions == nil {
			u.Permissions = permission.Permissions{}
		}
		u.Permissions[id] = value
	})
}

// storedUser returns somebody as the store keeps them.
func (h *env) storedUser(t testing.TB, username string) *userman.User {
	t.Helper()
	u, err := h.store.FindUser(t.Context(), userman.UserLookup{Username: username})
	require.NoError(t, err)
	return u
}

// moveToDirectory puts somebody into a directory, as a sync does.
func (h *env) moveToDirectory(t testing.TB, username, directory, externalID string) {
	t.Helper()
	require.NoError(t, h.store.UpdateUser(t.Context(), h.storedUser(t, username).ID, func(u *userman.User) error {
		u.Directory, u.ExternalID = directory, externalID
		return nil
	}))
}

// passwordDirectory is a directory that compares passwords, and does nothing
// else.
type passwordDirectory struct {
	userman.Directory

	name      string
	passwords map[string]string
	err       error
	mu        sync.Mutex
	authCalls []string
}

func (d *passwordDirectory) Name() string { return d.name }

func (*passwordDirectory) Capabilities() userman.Capabilities {
	return userman.Capabilities{Authenticate: true}
}

func (d *passwordDirectory) Authenticate(_ context.Context, externalID string, password store.Secret) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.authCalls = append(d.authCalls, externalID)
	return password.Reveal() == d.passwords[externalID], d.err
}

// newHeadOffice is a directory in which jane has goodPassword.
func newHeadOffice() *passwordDirectory {
	return &passwordDirectory{name: "head-office", passwords: map[string]string{"uid-jane": goodPassword}}
}

func withDirectories(directories ...userman.Directory) func(*userman.Options) {
	return func(o *userman.Options) { o.Directories = directories }
}

// mailbox is a mail server that takes all mails.
type mailbox struct {
	mu    sync.Mutex
	mails []*usermail.Mail
}

func (p *mailbox) Send(_ context.Context, m *usermail.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, m)
	return nil
}

// sent returns the mails that were sent so far.
func (p *mailbox) sent() []*usermail.Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*usermail.Mail(nil), p.mails...)
}

// configure has the service send mails there.
func (p *mailbox) configure(o *userman.Options) {
	o.Mailer = p
	o.BaseURL = &url.URL{Scheme: "https", Host: "pbx.example.com"}
}

var passwordURL = regexp.MustCompile(`https://pbx\.example\.com/set-password/([A-Za-z0-9_-]{43})\b`)

// linkToken returns the token of the link in a mail that sets a password.
func linkToken(t testing.TB, m *usermail.Mail) store.Secret {
	t.Helper()
	found := passwordURL.FindStringSubmatch(m.Text)
	require.Len(t, found, 2, "there is no link in: %s", m.Text)
	return secret(found[1])
}

// waitSent waits for what is done in the background, and returns the mails.
func (p *mailbox) waitSent(t testing.TB, h *env) []*usermail.Mail {
	t.Helper()
	require.NoError(t, h.Shutdown(t.Context()))
	return p.sent()
}
