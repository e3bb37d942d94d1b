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
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Passwords that the default policy accepts.
const (
	goodPassword  = "vivid-otter-73-lanterns"
	otherPassword = "Grüße & 91 tiny; harbours’"
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

// env is a service with its dependencies.
type env struct {
	*ampusers.Service

	t        testing.TB
	store    ampusers.Store
	auditLog *audit.Log
	clock    *testclock.Clock
}

func sections() []ampusers.Section {
	return []ampusers.Section{{ID: "administrators"}, {ID: "managers"}, {ID: "audit"}}
}

// newEnv returns a service over db with cheap hashes.
func newEnv(t testing.TB, db backend, configure ...func(*ampusers.Options)) *env {
	t.Helper()
	c := testclock.New()
	auditLog := audit.New(db.Audit(), newKeyring(t), &audit.Options{Clock: c.Now})
	opts := &ampusers.Options{
		Sections: sections(), Audit: auditLog, Clock: c.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
	}
	for _, change := range configure {
		change(opts)
	}
	return &env{ampusers.New(db.Administrators(), opts), t, db.Administrators(), opts.Audit, c}
}

func (h *env) createAdministrator(t testing.TB, a *ampusers.Administrator, password string) *ampusers.Administrator {
	t.Helper()
	created, err := h.Create(t.Context(), a, secret(password))
	require.NoError(t, err)
	return created
}

// createFull adds a Full administrator with a password.
func (h *env) createFull(t testing.TB, username string) {
	t.Helper()
	h.createAdministrator(t, &ampusers.Administrator{Username: username, Access: ampusers.Full}, goodPassword)
}

// createLimited adds a Limited administrator of these sections, with a password.
func (h *env) createLimited(t testing.TB, username string, sections ...string) *ampusers.Administrator {
	t.Helper()
	return h.createAdministrator(t, &ampusers.Administrator{Username: username, Sections: sections}, goodPassword)
}

// auditEntries returns the entries of the audit log, newest first.
func (h *env) auditEntries(t testing.TB, q audit.Query) []*audit.Entry {
	t.Helper()
	list, err := h.auditLog.List(t.Context(), q)
	require.NoError(t, err)
	return list.Items
}

// lastAuditEntry returns "outcome action key: reason" of the newest entry.
func (h *env) lastAuditEntry(t testing.TB) string {
	t.Helper()
	entries := h.auditEntries(t, audit.Query{PageRequest: store.PageRequest{Limit: 1}})
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
	found, err := h.auditLog.Verify(t.Context(), h.AuditSource())
	require.NoError(t, err)
	require.Empty(t, found.Findings)
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

// requireLoginError requires a LoginError of that code.
func requireLoginError(t testing.TB, err error, want credential.LoginErrorCode) {
	t.Helper()
	loginErr := asLoginError(t, err)
	require.Equal(t, want, loginErr.Code)
	require.ErrorIs(t, err, store.ErrForbidden)
}

func asLoginError(t testing.TB, err error) *credential.LoginError {
	t.Helper()
	loginErr, ok := errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	return loginErr
}

// mfaAttempt logs jane in with the right password and returns the second step,
// without its code.
func (h *env) mfaAttempt(t testing.TB) credential.MFAAttempt {
	t.Helper()
	return h.mfaAttemptFrom(t, newLoginAttempt("jane", goodPassword))
}

func (h *env) mfaAttemptFrom(t testing.TB, attempt credential.LoginAttempt) credential.MFAAttempt {
	t.Helper()
	login, err := h.Authenticate(t.Context(), attempt)
	require.NoError(t, err)
	require.True(t, login.MFARequired())
	require.Nil(t, login.Administrator)
	require.True(t, login.DeviceToken.IsZero())
	return credential.MFAAttempt{Token: login.MFAToken, RemoteAddr: attempt.RemoteAddr}
}

// runConcurrently runs n calls at the same time and returns their errors.
func runConcurrently(n int, call func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = call(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}
