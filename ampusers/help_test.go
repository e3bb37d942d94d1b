package ampusers_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
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
	Administrators() ampusers.Store
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
	*ampusers.Service

	t     testing.TB
	store ampusers.Store
	trail *audit.Trail
	clock *testclock.Clock
}

func sections() []ampusers.Section {
	return []ampusers.Section{{ID: "administrators"}, {ID: "managers"}, {ID: "audit"}}
}

// newHouse returns a service over db with cheap hashes.
func newHouse(t testing.TB, db backend, with ...func(*ampusers.Options)) *house {
	t.Helper()
	c := testclock.New()
	trail := audit.New(db.Audit(), newKeyring(t), &audit.Options{Clock: c.Now})
	opts := &ampusers.Options{
		Sections: sections(), Audit: trail, Clock: c.Now, Argon2: ampusers.Argon2{Memory: 64, Time: 1, Threads: 1},
	}
	for _, change := range with {
		change(opts)
	}
	return &house{ampusers.New(db.Administrators(), opts), t, db.Administrators(), opts.Audit, c}
}

func (h *house) add(t testing.TB, a *ampusers.Administrator, password string) *ampusers.Administrator {
	t.Helper()
	created, err := h.Create(t.Context(), a, secret(password))
	require.NoError(t, err)
	return created
}

// full adds a Full administrator with a password.
func (h *house) full(t testing.TB, username string) {
	t.Helper()
	h.add(t, &ampusers.Administrator{Username: username, Access: ampusers.Full}, goodPassword)
}

// limited adds a Limited administrator of these sections, with a password.
func (h *house) limited(t testing.TB, username string, sections ...string) *ampusers.Administrator {
	t.Helper()
	return h.add(t, &ampusers.Administrator{Username: username, Sections: sections}, goodPassword)
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
	found, err := h.trail.Verify(t.Context(), h.AuditRecords())
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

// requireRefused requires a LoginError of that code.
func requireRefused(t testing.TB, err error, want ampusers.LoginCode) {
	t.Helper()
	refused := loginError(t, err)
	require.Equal(t, want, refused.Code)
	require.ErrorIs(t, err, store.ErrForbidden)
}

func loginError(t testing.TB, err error) *ampusers.LoginError {
	t.Helper()
	refused, ok := errors.AsType[*ampusers.LoginError](err)
	require.True(t, ok, "%v", err)
	return refused
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
