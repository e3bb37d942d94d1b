package auth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/crypto/argon2"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const rightPassword = "vivid-otter-73-lanterns"

func secret(text string) store.Secret { return store.NewSecret(text) }

// fakeAccounts stores accounts in memory, by ID and by login name.
type fakeAccounts struct {
	auditLog *audit.Log
	// txMu is held by the running transaction.
	txMu sync.Mutex

	mu       sync.Mutex
	accounts map[string]auth.Account
	// idsByLogin maps login names to IDs.
	idsByLogin map[string]string
	// outOfScope are the IDs of accounts that are out of scope.
	outOfScope map[string]bool
}

func (r *fakeAccounts) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	r.txMu.Lock()
	defer r.txMu.Unlock()
	return fn(ctx)
}

func (r *fakeAccounts) Lookup(ctx context.Context, input string) (*auth.Account, error) {
	r.mu.Lock()
	id := r.idsByLogin[username.Fold(username.Normalize(input))]
	r.mu.Unlock()
	return r.Reload(ctx, id)
}

func (r *fakeAccounts) Reload(ctx context.Context, id string) (*auth.Account, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outOfScope[id] {
		return nil, &store.ForbiddenError{Reason: "this user is outside your scope"}
	}
	a, found := r.accounts[id]
	if !found {
		return nil, &store.NotFoundError{Kind: "user"}
	}
	a.Credentials = a.Credentials.Clone()
	return &a, ctx.Err()
}

func (r *fakeAccounts) Save(ctx context.Context, action string, after *auth.Account) error {
	r.update(after.ID, func(a *auth.Account) { a.Credentials, a.LastLoginAt = after.Credentials.Clone(), after.LastLoginAt })
	return r.auditLog.Record(ctx, audit.Event{Action: action, Kind: "user", Key: after.Name})
}

// update edits the account with that ID, like another program.
func (r *fakeAccounts) update(id string, fn func(a *auth.Account)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.accounts[id]
	fn(&a)
	r.accounts[id] = a
}

// hashCounter counts argon2id computations.
type hashCounter struct {
	total, running, peak atomic.Int64
	// txMu is held during transactions. inTx counts computations in a transaction,
	// if nothing runs concurrently.
	txMu *sync.Mutex
	inTx atomic.Int64
}

func (h *hashCounter) derive(password, salt []byte, passes, memory uint32, threads uint8, length uint32) []byte {
	running := h.running.Add(1)
	defer h.running.Add(-1)
	h.total.Add(1)
	if h.txMu.TryLock() {
		h.txMu.Unlock()
	} else {
		h.inTx.Add(1)
	}
	for peak := h.peak.Load(); running > peak; peak = h.peak.Load() {
		h.peak.CompareAndSwap(peak, running)
	}
	return argon2.IDKey(password, salt, passes, memory, threads, length)
}

// env is an authenticator with its dependencies.
type env struct {
	*auth.Authenticator

	accounts *fakeAccounts
	auditLog *audit.Log
	clock    *testclock.Clock
	hashes   *hashCounter
	hasher   *passwords.Hasher
}

// newEnv returns an authenticator with cheap hashes, two at a time. jane has the ID
// 7 and the email jane@example.com.
func newEnv(t testing.TB, configure ...func(*auth.Options)) *env {
	t.Helper()
	h := &env{clock: testclock.New(), hashes: &hashCounter{}}
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	h.auditLog = audit.New(memstore.New().Audit(), keyring, &audit.Options{Clock: h.clock.Now})
	h.accounts = &fakeAccounts{auditLog: h.auditLog, accounts: map[string]auth.Account{}, idsByLogin: map[string]string{"jane@example.com": "7"}}
	h.hashes.txMu = &h.accounts.txMu
	h.hasher = passwords.NewHasher(&passwords.Options{
		Params: passwords.Params{Memory: 64, Time: 1, Threads: 1}, Concurrency: 2, Derive: h.hashes.derive,
	})
	opts := auth.Options{
		Kind: "user", ActorKind: audit.User, Accounts: h.accounts, Hasher: h.hasher,
		Limiter: ratelimit.New(&ratelimit.Options{Clock: h.clock.Now}), Pending: auth.NewMemoryStore(), Audit: h.auditLog,
		Clock: h.clock.Now, Random: rand.Reader, Logger: slog.New(slog.DiscardHandler),
		DisabledMessage: "this user is disabled; ask an administrator",
	}
	for _, change := range configure {
		change(&opts)
	}
	h.Authenticator = auth.New(opts)
	h.addAccount(t, "7", "Jane")
	return h
}

// addAccount adds an account with the right password.
func (h *env) addAccount(t testing.TB, id, name string) {
	t.Helper()
	hash, err := h.hasher.Hash(t.Context(), secret(rightPassword))
	require.NoError(t, err)
	h.accounts.update(id, func(a *auth.Account) {
		*a = auth.Account{ID: id, Name: name, SessionEpoch: 5, Credentials: credential.Credentials{PasswordHash: hash}}
	})
	h.accounts.idsByLogin[username.Fold(name)] = id
	h.hashes.total.Store(0)
}

// useOutdatedHash gives jane the password "password" with an unsalted SHA-1 hash.
func (h *env) useOutdatedHash() {
	h.accounts.update("7", func(a *auth.Account) {
		a.Credentials.PasswordHash = secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8")
	})
}

// enrollTOTP enrolls a second factor for jane, and returns its secret and recovery
// codes.
func (h *env) enrollTOTP(t testing.TB) (key store.Secret, recovery []store.Secret) {
	t.Helper()
	recovery, hashes, err := auth.NewRecoveryCodes(rand.Reader)
	require.NoError(t, err)
	h.accounts.update("7", func(a *auth.Account) {
		require.NoError(t, auth.BeginSecondFactor(&a.Credentials, rand.Reader))
		key = a.Credentials.SecondFactor.Secret
		require.NoError(t, auth.ConfirmSecondFactor(&a.Credentials, totpCode(t, key, h.clock.Now()), h.clock.Now(), hashes))
	})
	h.clock.Advance(time.Minute) // that code is used up
	return key, recovery
}

// mfaAttempt gives jane's password and returns the second step, without its code.
func (h *env) mfaAttempt(t testing.TB) credential.MFAAttempt {
	t.Helper()
	login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", rightPassword), nil)
	require.NoError(t, err)
	require.True(t, login.MFARequired())
	require.Equal(t, -1, login.RecoveryCodesLeft)
	require.Nil(t, login.Account)
	return credential.MFAAttempt{Token: login.MFAToken, RemoteAddr: netip.MustParseAddr("192.0.2.1")}
}

// jane returns the record of jane.
func (h *env) jane(t testing.TB) *auth.Account {
	t.Helper()
	a, err := h.accounts.Reload(t.Context(), "7")
	require.NoError(t, err)
	return a
}

// auditEntries returns the entries of the audit log, newest first.
func (h *env) auditEntries(t testing.TB, q audit.Query) []*audit.Entry {
	t.Helper()
	q.Limit = store.MaxPageLimit
	list, err := h.auditLog.List(t.Context(), q)
	require.NoError(t, err)
	return list.Items
}

// auditLines returns "outcome action key: reason" of each entry, newest first.
func (h *env) auditLines(t testing.TB) []string {
	t.Helper()
	lines := []string{}
	for _, e := range h.auditEntries(t, audit.Query{}) {
		line := string(e.Outcome) + " " + e.Action + " " + e.Key
		if e.Reason != "" {
			line += ": " + e.Reason
		}
		lines = append(lines, line)
	}
	return lines
}

func newLoginAttempt(username, password string) credential.LoginAttempt {
	return credential.LoginAttempt{Username: username, Password: secret(password), RemoteAddr: netip.MustParseAddr("192.0.2.1")}
}

// totpCode returns the code that an app shows.
func totpCode(t testing.TB, key store.Secret, at time.Time) string {
	t.Helper()
	passcode, err := totp.GenerateCode(key.Reveal(), at)
	require.NoError(t, err)
	return passcode
}

// requireLoginError requires a LoginError of that code.
func requireLoginError(t testing.TB, err error, want credential.LoginErrorCode) {
	t.Helper()
	loginErr, ok := errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want, loginErr.Code)
	require.ErrorIs(t, err, store.ErrForbidden)
}

// runConcurrently runs n calls at the same time and returns their errors.
func runConcurrently(n int, call func(i int) error) []error {
	errs := make([]error, n)
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	done.Wait()
	return errs
}
