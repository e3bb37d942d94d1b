package apitoken_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func secret(text string) store.Secret { return store.NewSecret(text) }

// backend is a database with the stores that the services need.
type backend interface {
	store.Transactor
	Users(team string) userman.Store
	Tokens(team string) apitoken.Store
	Audit() audit.Store
}

// backends open a new database of each kind.
func backends() map[string]func(t testing.TB) backend {
	return map[string]func(t testing.TB) backend{
		"memstore": func(testing.TB) backend { return memstore.New() },
		"SQLite":   func(t testing.TB) backend { return sqlitetest.New(t) }, //nolint:thelper // it is one, by another name
	}
}

func newKeyring(t testing.TB) *store.Keyring {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	return keyring
}

// env is a service with its users, store, audit log and clock.
type env struct {
	*apitoken.Service

	users    *userman.Service
	store    apitoken.Store
	auditLog *audit.Log
	clock    *testclock.Clock
}

// newService returns a service over memstore.
func newService(t testing.TB) *env {
	t.Helper()
	return newServiceWithDB(t, memstore.New(), "")
}

// newServiceWithDB returns a service over a team of db.
func newServiceWithDB(t testing.TB, db backend, team string) *env {
	t.Helper()
	c := testclock.New()
	auditLog := audit.New(db.Audit(), newKeyring(t), &audit.Options{Clock: c.Now})
	opts := &apitoken.Options{Audit: auditLog, Clock: c.Now}
	users := userman.New(db.Users(team), &userman.Options{
		Audit: auditLog, Clock: c.Now, Dependents: []userman.Dependents{apitoken.Dependents(db.Tokens(team), opts)},
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // that of the test has ended
		defer cancel()
		require.NoError(t, users.Shutdown(ctx))
	})
	return &env{apitoken.New(db.Tokens(team), users, opts), users, db.Tokens(team), auditLog, c}
}

// scoped returns the env of an administrator with that scope.
func (h *env) scoped(load userman.ScopeLoader) *env {
	return &env{h.Scoped(load), h.users.Scoped(load), h.store, h.auditLog, h.clock}
}

// inScope returns the loader of a scope of these extensions.
func inScope(ranges string) userman.ScopeLoader {
	return func(context.Context) (scope.Scope, error) {
		extensions, err := scope.ParseRanges(ranges)
		return scope.Limited(extensions, scope.Ranges{}), err
	}
}

// newUser returns a user with these extensions, of which the first is the default.
func newUser(username string, extensions ...string) *userman.User {
	u := &userman.User{Username: username}
	if len(extensions) > 0 {
		u.DefaultExtension, u.LinkedExtensions = extensions[0], extensions[1:]
	}
	return u
}

// createUser creates a user without a password.
func (h *env) createUser(t testing.TB, u *userman.User) *userman.User {
	t.Helper()
	created, err := h.users.Create(t.Context(), userman.NewUser{User: u})
	require.NoError(t, err)
	return created
}

func (h *env) getUser(t testing.TB, username string) *userman.User {
	t.Helper()
	u, err := h.users.Get(t.Context(), username)
	require.NoError(t, err)
	return u
}

// updateUser calls change with a user and saves the result.
func (h *env) updateUser(t testing.TB, username string, change func(u *userman.User)) {
	t.Helper()
	_, err := h.users.Update(t.Context(), username, func(u *userman.User) error {
		change(u)
		return nil
	})
	require.NoError(t, err)
}

// permitAPI gives a user the permission to use API tokens.
func (h *env) permitAPI(t testing.TB, username string) {
	t.Helper()
	h.updateUser(t, username, func(u *userman.User) { u.Permissions = permission.Permissions{permission.RESTUse: permission.On()} })
}

// createToken creates a token of a user and returns it with its key.
func (h *env) createToken(t testing.TB, username string, token apitoken.Token) (*apitoken.Token, store.Secret) {
	t.Helper()
	created, key, err := h.Create(t.Context(), username, &token)
	require.NoError(t, err)
	return created, key
}

// entries returns the entries of the audit log, newest first.
func (h *env) entries(t testing.TB, q audit.Query) []*audit.Entry {
	t.Helper()
	list, err := h.auditLog.List(t.Context(), q)
	require.NoError(t, err)
	return list.Items
}

// lastAuditEntry returns "outcome action key: reason" of the newest entry.
func (h *env) lastAuditEntry(t testing.TB) string {
	t.Helper()
	entries := h.entries(t, audit.Query{PageRequest: store.PageRequest{Limit: 1}})
	require.NotEmpty(t, entries)
	e := entries[0]
	text := string(e.Outcome) + " " + e.Action + " " + e.Key
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// requireAuditIntact requires that the audit log agrees with the records.
func (h *env) requireAuditIntact(t testing.TB) {
	t.Helper()
	found, err := h.auditLog.Verify(t.Context(), h.users.AuditSource()...)
	require.NoError(t, err)
	require.Empty(t, found.Findings)
}

// requireFieldErrors requires an InvalidError of exactly these "field: code" pairs.
func requireFieldErrors(t testing.TB, err error, want ...string) {
	t.Helper()
	invalid, ok := errors.AsType[*store.InvalidError](err)
	require.True(t, ok, "%v", err)
	got := make([]string, len(invalid.Fields))
	for i, f := range invalid.Fields {
		got[i] = f.Field + ": " + f.Code
	}
	require.Equal(t, want, got)
}

// runConcurrently runs n calls at the same instant and returns their errors.
func runConcurrently(n int, call func(i int) error) []error {
	errs := make([]error, n)
	var waiting, done sync.WaitGroup
	start := make(chan struct{})
	waiting.Add(n)
	for i := range n {
		done.Go(func() {
			waiting.Done()
			<-start
			errs[i] = call(i)
		})
	}
	waiting.Wait()
	close(start)
	done.Wait()
	return errs
}
