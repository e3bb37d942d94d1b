package access_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

const password = "walnut-harbour-tulip-93"

// bundle is a gate and what stands behind it.
type bundle struct {
	*access.Gate

	site  *site.Site
	vault *watchedVault
	clock *clock
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// watchedVault counts what is written, and fails when it is told to.
type watchedVault struct {
	store.Vault

	mu     sync.Mutex
	writes int
	fails  error
}

func (v *watchedVault) Kept(ctx context.Context, kind, key string, now time.Time) ([]byte, error) {
	if err := v.failure(); err != nil {
		return nil, err
	}
	return v.Vault.Kept(ctx, kind, key, now)
}

func (v *watchedVault) Keep(ctx context.Context, kind, key string, value []byte, expires time.Time) error {
	if err := v.failure(); err != nil {
		return err
	}
	v.mu.Lock()
	v.writes++
	v.mu.Unlock()
	return v.Vault.Keep(ctx, kind, key, value, expires)
}

func (v *watchedVault) failure() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.fails
}

func (v *watchedVault) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fails = err
}

func (v *watchedVault) written() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.writes
}

func setup(t *testing.T, opts *access.Options) *bundle {
	t.Helper()
	if opts == nil {
		opts = &access.Options{}
	}
	db := memstore.New()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	// Far from the time of the machine, so that asking that is found out.
	b := &bundle{clock: &clock{now: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)}, vault: &watchedVault{Vault: db.Vault()}}
	trail := audit.New(db.Audit(), keyring, &audit.Options{Clock: b.clock.time})
	b.site = &site.Site{
		Vault: b.vault, Trail: trail,
		Administrators: ampusers.New(db.Administrators(), &ampusers.Options{
			Sections: site.Sections(), Audit: trail, Clock: b.clock.time,
			Argon2: ampusers.Argon2{Memory: 64, Time: 1, Threads: 1},
		}),
	}
	opts.Clock = b.clock.time
	b.Gate = access.New(b.site, opts)
	for _, a := range []ampusers.Administrator{
		{Username: "root.admin", Access: ampusers.Full},
		{Username: "jane.admin", Sections: []string{site.SectionManagers}},
	} {
		_, err := b.site.Administrators.Create(t.Context(), &a, store.NewSecret(password))
		require.NoError(t, err)
	}
	return b
}

// visitor is a browser or a program.
type visitor struct {
	*bundle

	cookie string
	bearer string
	from   string
	header http.Header
}

func (b *bundle) visitor() *visitor {
	return &visitor{bundle: b, from: "192.0.2.7:4711", header: http.Header{}}
}

// visit makes one request and does work in it. It keeps the cookie that the
// answer sets.
func (v *visitor) visit(t *testing.T, work func(ctx context.Context)) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	request.RemoteAddr = v.from
	maps.Copy(request.Header, v.header)
	if v.cookie != "" {
		request.AddCookie(&http.Cookie{Name: access.CookieName, Value: v.cookie})
	}
	if v.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+v.bearer)
	}
	recorder := httptest.NewRecorder()
	v.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		work(r.Context())
		_, _ = w.Write([]byte("done"))
	})).ServeHTTP(recorder, request)
	response := recorder.Result()
	t.Cleanup(func() { _ = response.Body.Close() })
	for _, cookie := range response.Cookies() {
		v.cookie = cookie.Value
	}
	return response
}

func (v *visitor) logIn(t *testing.T, username string) *http.Response {
	t.Helper()
	return v.visit(t, func(ctx context.Context) {
		login, err := v.LogIn(ctx, ampusers.Attempt{Username: username, Password: store.NewSecret(password)})
		require.NoError(t, err)
		require.Equal(t, username, login.Administrator.Username)
		require.Equal(t, username, v.Visitor(ctx).Username, "logged in for the rest of the request")
	})
}

// name is who is logged in; empty when nobody is.
func (v *visitor) name(t *testing.T) (name string) {
	t.Helper()
	v.visit(t, func(ctx context.Context) {
		if a := v.Visitor(ctx); a != nil {
			name = a.Username
		}
	})
	return name
}
