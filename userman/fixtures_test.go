package userman_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Passwords that the default policy takes.
const (
	goodPassword    = "vivid-otter-73-lanterns"
	anotherPassword = "Grüße & 91 tiny; harbours’"
)

func secret(text string) store.Secret { return store.NewSecret(text) }

// backend is a database with the stores that a service and its actors need.
type backend interface {
	store.Transactor
	Administrators() ampusers.Store
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

// env is a service with all that it stands on.
type env struct {
	*userman.Service

	tokens   *apitoken.Service
	store    userman.Store
	auditLog *audit.Log
	clock    *testclock.Clock
}

// newService returns a service over memstore with cheap hashes.
func newService(t testing.TB, configure ...func(*userman.Options)) *env {
	t.Helper()
	return newServiceWithDB(t, memstore.New(), "", configure...)
}

// newServiceWithDB returns a service over a team of db with cheap hashes.
func newServiceWithDB(t testing.TB, db backend, team string, configure ...func(*userman.Options)) *env {
	t.Helper()
	c := testclock.New()
	auditLog := audit.New(db.Audit(), newKeyring(t), &audit.Options{Clock: c.Now})
	opts := &userman.Options{Audit: auditLog, Clock: c.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1}}
	for _, change := range configure {
		change(opts)
	}
	tokens := &apitoken.Options{Audit: opts.Audit, Clock: opts.Clock}
	opts.Dependents = []userman.Dependents{apitoken.Dependents(db.Tokens(team), tokens)}
	s := userman.New(db.Users(team), opts)
	require.NoError(t, s.LoginNames().Apply(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // that of the test has ended
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
	})
	return &env{s, apitoken.New(db.Tokens(team), s, tokens), db.Users(team), opts.Audit, c}
}

// scoped returns the env as an administrator of that scope sees it.
func (h *env) scoped(load userman.ScopeLoader) *env {
	return &env{h.Scoped(load), h.tokens.Scoped(load), h.store, h.auditLog, h.clock}
}

// inScope returns the loader of a scope of these extensions.
func inScope(ranges string) userman.ScopeLoader {
	return func(context.Context) (scope.Scope, error) {
		extensions, err := scope.ParseRanges(ranges)
		return scope.Limited(extensions, scope.Ranges{}), err
	}
}

// newUser is somebody with that username, and extensions, of which the first is
// the default one.
func newUser(username string, extensions ...string) *userman.User {
	u := &userman.User{Username: username}
	if len(extensions) > 0 {
		u.DefaultExtension, u.LinkedExtensions = extensions[0], extensions[1:]
	}
	return u
}

// createUser creates somebody; without a password when it is empty.
func (h *env) createUser(t testing.TB, u *userman.User, password string) *userman.User {
	t.Helper()
	created, err := h.Create(t.Context(), userman.NewUser{User: u, Password: secret(password)})
	require.NoError(t, err)
	return created
}

// createGroup creates a group that says that.
func (h *env) createGroup(t testing.TB, name string, permissions permission.Permissions) *userman.Group {
	t.Helper()
	created, err := h.Groups().Create(t.Context(), &userman.Group{Name: name, Permissions: permissions})
	require.NoError(t, err)
	return created
}

// createToken creates an API token of a user and returns it with its key.
func (h *env) createToken(t testing.TB, username string, token apitoken.Token) (*apitoken.Token, store.Secret) {
	t.Helper()
	created, key, err := h.tokens.Create(t.Context(), username, &token)
	require.NoError(t, err)
	return created, key
}

func (h *env) get(t testing.TB, username string) *userman.User {
	t.Helper()
	u, err := h.Get(t.Context(), username)
	require.NoError(t, err)
	return u
}

// getByExtension returns the user with that default extension.
func (h *env) getByExtension(t testing.TB, extension string) (*userman.User, error) {
	t.Helper()
	access, err := h.Access(t.Context())
	require.NoError(t, err)
	return access.UserByExtension(t.Context(), extension)
}

// update has change edit somebody.
func (h *env) update(t testing.TB, username string, change func(u *userman.User)) *userman.User {
	t.Helper()
	u, err := h.tryUpdate(t, username, change)
	require.NoError(t, err)
	return u
}

func (h *env) tryUpdate(t testing.TB, username string, change func(u *userman.User)) (*userman.User, error) {
	t.Helper()
	return h.Update(t.Context(), username, func(u *userman.User) error {
		change(u)
		return nil
	})
}

// entries returns what the trail says, newest first.
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

// requireAuditIntact requires that the trail agrees with the records.
func (h *env) requireAuditIntact(t testing.TB) {
	t.Helper()
	found, err := h.auditLog.Verify(t.Context(), h.AuditSource()...)
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

// requireAlreadyExists requires an ExistsError on that field.
func requireAlreadyExists(t testing.TB, err error, field string) {
	t.Helper()
	dup, ok := errors.AsType[*store.AlreadyExistsError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, field, dup.Field)
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

// usernames returns those of a list.
func usernames(list *store.Page[*userman.User]) []string {
	all := make([]string, len(list.Items))
	for i, u := range list.Items {
		all[i] = u.Username
	}
	return all
}

// allAuditEntries selects the newest entries of the trail.
func allAuditEntries() audit.Query {
	return audit.Query{PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}
}

func toJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}
