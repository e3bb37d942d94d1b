package websession_test

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
	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

const password = "walnut-harbour-tulip-93"

// IDs of the sections of the tests.
const (
	sectionPhones  = "phones"
	sectionBilling = "billing"
)

// env is a manager with its services.
type env struct {
	*websession.Manager

	administrators *ampusers.Service
	auditLog       *audit.Log
	ttlStore       *countingTTLStore
	clock          *testclock.Clock
}

// countingTTLStore counts writes, and fails on request.
type countingTTLStore struct {
	store.TTLStore

	mu         sync.Mutex
	writeCount int
	err        error
}

func (v *countingTTLStore) Get(ctx context.Context, kind, key string, now time.Time) ([]byte, error) {
	if err := v.currentError(); err != nil {
		return nil, err
	}
	return v.TTLStore.Get(ctx, kind, key, now)
}

func (v *countingTTLStore) Put(ctx context.Context, kind, key string, value []byte, expires time.Time) error {
	if err := v.currentError(); err != nil {
		return err
	}
	v.mu.Lock()
	v.writeCount++
	v.mu.Unlock()
	return v.TTLStore.Put(ctx, kind, key, value, expires)
}

func (v *countingTTLStore) currentError() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

func (v *countingTTLStore) setError(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
}

func (v *countingTTLStore) writesTotal() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.writeCount
}

func setup(t *testing.T, opts *websession.Options) *env {
	t.Helper()
	if opts == nil {
		opts = &websession.Options{}
	}
	db := memstore.New()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	// This time is far from the real one, which reveals the use of time.Now.
	b := &env{clock: testclock.New(), ttlStore: &countingTTLStore{TTLStore: db.TTLStore()}}
	b.auditLog = audit.New(db.Audit(), keyring, &audit.Options{Clock: b.clock.Now})
	b.administrators = ampusers.New(db.Administrators(), &ampusers.Options{
		Sections: []ampusers.Section{{ID: sectionPhones, Name: "Phones"}, {ID: sectionBilling, Name: "Billing"}},
		Audit:    b.auditLog, Clock: b.clock.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
	opts.Audit = b.auditLog
	opts.Clock = b.clock.Now
	b.Manager = websession.New(b.administrators, b.ttlStore, opts)
	for _, a := range []ampusers.Administrator{
		{Username: "root.admin", Access: ampusers.Full},
		{Username: "jane.admin", Sections: []string{sectionPhones}},
	} {
		_, err := b.administrators.Create(t.Context(), &a, store.NewSecret(password))
		require.NoError(t, err)
	}
	return b
}

// client is a browser or a program.
type client struct {
	*env

	cookie     string
	bearer     string
	remoteAddr string
	header     http.Header
}

func (b *env) newClient() *client {
	return &client{env: b, remoteAddr: "192.0.2.7:4711", header: http.Header{}}
}

// do sends one request and runs work in it. It stores the cookie of the response.
func (v *client) do(t *testing.T, work func(ctx context.Context)) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	request.RemoteAddr = v.remoteAddr
	maps.Copy(request.Header, v.header)
	if v.cookie != "" {
		request.AddCookie(&http.Cookie{Name: websession.CookieName, Value: v.cookie})
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

func (v *client) logIn(t *testing.T, username string) *http.Response {
	t.Helper()
	return v.do(t, func(ctx context.Context) {
		login, err := v.LogIn(ctx, credential.LoginAttempt{Username: username, Password: store.NewSecret(password)})
		require.NoError(t, err)
		require.Equal(t, username, login.Administrator.Username)
		require.Equal(t, username, v.Administrator(ctx).Username, "logged in for the rest of the request")
	})
}

// username is the administrator who is logged in; empty when there is none.
func (v *client) username(t *testing.T) (name string) {
	t.Helper()
	v.do(t, func(ctx context.Context) {
		if a := v.Administrator(ctx); a != nil {
			name = a.Username
		}
	})
	return name
}
