package userman_test

import (
	"context"
	"errors"
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
)

func attempt(username, password string) credential.Attempt {
	return credential.Attempt{Username: username, Password: secret(password), Source: "192.0.2.1"}
}

// logIn logs somebody in to the portal.
func (h *house) logIn(t testing.TB, username, password string) *userman.Login {
	t.Helper()
	login, err := h.Authenticate(t.Context(), attempt(username, password))
	require.NoError(t, err)
	return login
}

// requireRefused requires a LoginError of that code.
func requireRefused(t testing.TB, err error, want credential.Code) {
	t.Helper()
	require.Equal(t, want, loginError(t, err).Code)
	require.ErrorIs(t, err, store.ErrForbidden)
}

func loginError(t testing.TB, err error) *credential.LoginError {
	t.Helper()
	refused, ok := errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	return refused
}

// requireConflict requires a ConflictError that says that.
func requireConflict(t testing.TB, err error, says string) {
	t.Helper()
	_, ok := errors.AsType[*store.ConflictError](err)
	require.True(t, ok, "%v", err)
	require.ErrorContains(t, err, says)
}

// requireExpired requires a LinkExpiredError.
func requireExpired(t testing.TB, err error) {
	t.Helper()
	_, ok := errors.AsType[*userman.LinkExpiredError](err)
	require.True(t, ok, "%v", err)
	require.ErrorIs(t, err, store.ErrNotFound)
}

// requireNoLink requires the refusal of a link that is none, and not of one
// that has expired.
func requireNoLink(t testing.TB, err error) {
	t.Helper()
	_, ok := errors.AsType[*store.NotFoundError](err)
	require.True(t, ok, "%v", err)
}

// code returns what an app shows.
func code(t testing.TB, key store.Secret, at time.Time) string {
	t.Helper()
	shown, err := totp.GenerateCode(key.Reveal(), at)
	require.NoError(t, err)
	return shown
}

// from is a visitor at that address.
func from(t testing.TB, source string) context.Context {
	t.Helper()
	return audit.WithActor(t.Context(), audit.Actor{Kind: audit.Visitor, Source: source})
}

// permit says something about a person alone.
func (h *house) permit(t testing.TB, username, permission string, value userman.Value) {
	t.Helper()
	h.update(t, username, func(u *userman.User) {
		if u.Permissions == nil {
			u.Permissions = userman.Permissions{}
		}
		u.Permissions[permission] = value
	})
}

// kept returns somebody as the store keeps them.
func (h *house) kept(t testing.TB, username string) *userman.User {
	t.Helper()
	u, err := h.store.FindUser(t.Context(), userman.UserKey{Username: username})
	require.NoError(t, err)
	return u
}

// becomeOf puts somebody into a directory, as a sync does.
func (h *house) becomeOf(t testing.TB, username, directory, externalID string) {
	t.Helper()
	require.NoError(t, h.store.UpdateUser(t.Context(), h.kept(t, username).ID, func(u *userman.User) error {
		u.Directory, u.ExternalID = directory, externalID
		return nil
	}))
}

// passwordsElsewhere is a directory that compares passwords, and does nothing
// else.
type passwordsElsewhere struct {
	userman.Directory

	name      string
	passwords map[string]string
	fails     error
	mu        sync.Mutex
	asked     []string
}

func (d *passwordsElsewhere) Name() string { return d.name }

func (*passwordsElsewhere) Abilities() userman.Abilities {
	return userman.Abilities{Authenticate: true}
}

func (d *passwordsElsewhere) Authenticate(_ context.Context, externalID string, password store.Secret) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, externalID)
	return password.Reveal() == d.passwords[externalID], d.fails
}

// headOffice is a directory in which jane has goodPassword.
func headOffice() *passwordsElsewhere {
	return &passwordsElsewhere{name: "head-office", passwords: map[string]string{"uid-jane": goodPassword}}
}

func withDirectories(directories ...userman.Directory) func(*userman.Options) {
	return func(o *userman.Options) { o.Directories = directories }
}

// postbox is a mail server that takes all mails.
type postbox struct {
	mu    sync.Mutex
	mails []*userman.Message
}

func (p *postbox) Send(_ context.Context, m *userman.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, m)
	return nil
}

// taken returns the mails that were sent so far.
func (p *postbox) taken() []*userman.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*userman.Message(nil), p.mails...)
}

// mailing has the service send mails there.
func (p *postbox) mailing(o *userman.Options) {
	o.Mailer = p
	o.BaseURL = &url.URL{Scheme: "https", Host: "pbx.example.com"}
}

var passwordURL = regexp.MustCompile(`https://pbx\.example\.com/person/password/([A-Za-z0-9_-]{43})\b`)

// tokenIn returns the token of the link in a mail that sets a password.
func tokenIn(t testing.TB, m *userman.Message) store.Secret {
	t.Helper()
	found := passwordURL.FindStringSubmatch(m.Text)
	require.Len(t, found, 2, "there is no link in: %s", m.Text)
	return secret(found[1])
}

// after waits for what is done in the background, and returns the mails.
func (p *postbox) after(t testing.TB, h *house) []*userman.Message {
	t.Helper()
	require.NoError(t, h.Wait(t.Context()))
	return p.taken()
}
