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

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Passwords that the default policy takes.
const (
	goodPassword    = "vivid-otter-73-lanterns"
	anotherPassword = "Grüße & 91 tiny; harbours’"
)

func secret(text string) store.Secret { return store.NewSecret(text) }

// backend is a database with both stores that a service needs.
type backend interface {
	People(team string) userman.Store
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

// house is a service with all that it stands on.
type house struct {
	*userman.Service

	store userman.Store
	trail *audit.Trail
	clock *testclock.Clock
}

// newService returns a service over memstore with cheap hashes.
func newService(t testing.TB, with ...func(*userman.Options)) *house {
	t.Helper()
	return newServiceOver(t, memstore.New(), "", with...)
}

// newServiceOver returns a service over a team of db with cheap hashes.
func newServiceOver(t testing.TB, db backend, team string, with ...func(*userman.Options)) *house {
	t.Helper()
	c := testclock.New()
	trail := audit.New(db.Audit(), newKeyring(t), &audit.Options{Clock: c.Now})
	opts := &userman.Options{Audit: trail, Clock: c.Now, Argon2: userman.Argon2{Memory: 64, Time: 1, Threads: 1}}
	for _, change := range with {
		change(opts)
	}
	s := userman.New(db.People(team), opts)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // that of the test has ended
		defer cancel()
		require.NoError(t, s.Wait(ctx))
	})
	return &house{s, db.People(team), opts.Audit, c}
}

// within returns the house as somebody sees it who reaches some extensions only.
func (h *house) within(reaches func(extension string) bool) *house {
	return &house{h.Within(reaches), h.store, h.trail, h.clock}
}

// person is somebody with that username, and extensions, of which the first is
// the default one.
func person(username string, extensions ...string) *userman.User {
	u := &userman.User{Username: username}
	if len(extensions) > 0 {
		u.DefaultExtension, u.LinkedExtensions = extensions[0], extensions[1:]
	}
	return u
}

// add creates somebody; without a password when it is empty.
func (h *house) add(t testing.TB, u *userman.User, password string) *userman.User {
	t.Helper()
	created, err := h.Create(t.Context(), userman.NewUser{User: u, Password: secret(password)})
	require.NoError(t, err)
	return created
}

// group creates a group that says that.
func (h *house) group(t testing.TB, name string, says userman.Permissions) *userman.Group {
	t.Helper()
	created, err := h.CreateGroup(t.Context(), &userman.Group{Name: name, Permissions: says})
	require.NoError(t, err)
	return created
}

func (h *house) get(t testing.TB, username string) *userman.User {
	t.Helper()
	u, err := h.Get(t.Context(), username)
	require.NoError(t, err)
	return u
}

// update has change edit somebody.
func (h *house) update(t testing.TB, username string, change func(u *userman.User)) *userman.User {
	t.Helper()
	u, err := h.tryUpdate(t, username, change)
	require.NoError(t, err)
	return u
}

func (h *house) tryUpdate(t testing.TB, username string, change func(u *userman.User)) (*userman.User, error) {
	t.Helper()
	return h.Update(t.Context(), username, func(u *userman.User) error {
		change(u)
		return nil
	})
}

// entries returns what the trail says, newest first.
func (h *house) entries(t testing.TB, q audit.Query) []*audit.Entry {
	t.Helper()
	list, err := h.trail.List(t.Context(), q)
	require.NoError(t, err)
	return list.Items
}

// told returns "outcome action key: reason" of the newest entry.
func (h *house) told(t testing.TB) string {
	t.Helper()
	entries := h.entries(t, audit.Query{Page: store.Page{Limit: 1}})
	require.NotEmpty(t, entries)
	e := entries[0]
	text := string(e.Outcome) + " " + e.Action + " " + e.Key
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// requireProven requires that the trail agrees with the records.
func (h *house) requireProven(t testing.TB) {
	t.Helper()
	found, err := h.trail.Verify(t.Context(), h.AuditRecords()...)
	require.NoError(t, err)
	require.Empty(t, found.Problems)
}

// requireFields requires an InvalidError of exactly these "field: code" pairs.
func requireFields(t testing.TB, err error, want ...string) {
	t.Helper()
	invalid, ok := errors.AsType[*store.InvalidError](err)
	require.True(t, ok, "%v", err)
	got := make([]string, len(invalid.Fields))
	for i, f := range invalid.Fields {
		got[i] = f.Field + ": " + f.Code
	}
	require.Equal(t, want, got)
}

// requireExists requires an ExistsError on that field.
func requireExists(t testing.TB, err error, field string) {
	t.Helper()
	exists, ok := errors.AsType[*store.ExistsError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, field, exists.Field)
}

// together runs n calls at the same instant and returns their errors.
func together(n int, call func(i int) error) []error {
	failed := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			failed[i] = call(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return failed
}

// usernames returns those of a list.
func usernames(list *store.List[*userman.User]) []string {
	all := make([]string, len(list.Items))
	for i, u := range list.Items {
		all[i] = u.Username
	}
	return all
}

// auditEverything selects the newest entries of the trail.
func auditEverything() audit.Query { return audit.Query{Page: store.Page{Limit: store.MaxPageLimit}} }

func inJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}
