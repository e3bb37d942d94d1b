package login_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/crypto/argon2"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const rightPassword = "vivid-otter-73-lanterns"

func secret(text string) store.Secret { return store.NewSecret(text) }

// records keep people in memory, who are found by ID and by what they type.
type records struct {
	trail *audit.Trail
	// transaction is held by the one that runs.
	transaction sync.Mutex

	mu     sync.Mutex
	people map[string]login.Account
	// names holds the IDs of people by what they may type.
	names map[string]string
	// closed are the IDs of those whom the records do not hand out.
	closed map[string]bool
}

func (r *records) Atomically(ctx context.Context, fn func(ctx context.Context) error) error {
	r.transaction.Lock()
	defer r.transaction.Unlock()
	return fn(ctx)
}

func (r *records) Typed(ctx context.Context, typed string) (*login.Account, error) {
	r.mu.Lock()
	id := r.names[loginname.Fold(loginname.Normalise(typed))]
	closed := r.closed[id]
	r.mu.Unlock()
	if closed {
		return nil, &store.ForbiddenError{Reason: "this person is out of reach"}
	}
	return r.Now(ctx, id)
}

func (r *records) Now(ctx context.Context, id string) (*login.Account, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, found := r.people[id]
	if !found {
		return nil, &store.NotFoundError{Kind: "person"}
	}
	a.Credentials = a.Credentials.Clone()
	return &a, ctx.Err()
}

func (r *records) Keep(ctx context.Context, action string, after *login.Account) error {
	r.change(after.ID, func(a *login.Account) { a.Credentials, a.LastLoginAt = after.Credentials.Clone(), after.LastLoginAt })
	return r.trail.Record(ctx, audit.Event{Action: action, Kind: "person", Key: after.Name})
}

// change edits the person of that ID, as another program would.
func (r *records) change(id string, edit func(a *login.Account)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.people[id]
	edit(&a)
	r.people[id] = a
}

// hashing counts computations of argon2id.
type hashing struct {
	all, now, most atomic.Int64
}

func (h *hashing) derive(password, salt []byte, passes, memory uint32, threads uint8, length uint32) []byte {
	now := h.now.Add(1)
	defer h.now.Add(-1)
	h.all.Add(1)
	for most := h.most.Load(); now > most; most = h.most.Load() {
		h.most.CompareAndSwap(most, now)
	}
	return argon2.IDKey(password, salt, passes, memory, threads, length)
}

// house is a desk with all that it stands on.
type house struct {
	*login.Desk

	records *records
	trail   *audit.Trail
	clock   *testclock.Clock
	hashing *hashing
	hasher  *passwords.Hasher
}

// newHouse returns a desk with cheap hashes, two at once, where jane logs in,
// who has the ID 7 and the mail jane@example.com.
func newHouse(t testing.TB, with ...func(*login.Options)) *house {
	t.Helper()
	h := &house{clock: testclock.New(), hashing: &hashing{}}
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	h.trail = audit.New(memstore.New().Audit(), keyring, &audit.Options{Clock: h.clock.Now})
	h.records = &records{trail: h.trail, people: map[string]login.Account{}, names: map[string]string{"jane@example.com": "7"}}
	h.hasher = passwords.NewHasher(&passwords.Options{
		Params: passwords.Params{Memory: 64, Time: 1, Threads: 1}, Concurrency: 2, Derive: h.hashing.derive,
	})
	opts := login.Options{
		Kind: "person", Actor: audit.Person, Records: h.records, Hasher: h.hasher,
		Throttle: throttle.New(&throttle.Options{Clock: h.clock.Now}), Trail: h.trail,
		Clock: h.clock.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		DisabledMessage: "this person is disabled; ask an administrator",
	}
	for _, change := range with {
		change(&opts)
	}
	h.Desk = login.New(opts)
	h.add(t, "7", "Jane")
	return h
}

// add adds somebody with the right password.
func (h *house) add(t testing.TB, id, name string) {
	t.Helper()
	hash, err := h.hasher.Hash(t.Context(), secret(rightPassword))
	require.NoError(t, err)
	h.records.change(id, func(a *login.Account) {
		*a = login.Account{ID: id, Name: name, Generation: 5, Credentials: credential.Set{PasswordHash: hash}}
	})
	h.records.names[loginname.Fold(name)] = id
	h.hashing.all.Store(0)
}

// enrol gives jane a second factor, and returns its secret and recovery codes.
func (h *house) enrol(t testing.TB) (key store.Secret, recovery []store.Secret) {
	t.Helper()
	recovery, hashes, err := login.NewRecoveryCodes(rand.Reader)
	require.NoError(t, err)
	h.records.change("7", func(a *login.Account) {
		require.NoError(t, login.BeginFactor(&a.Credentials, rand.Reader))
		key = a.Credentials.SecondFactor.Secret
		require.NoError(t, login.ConfirmFactor(&a.Credentials, code(t, key, h.clock.Now()), h.clock.Now(), hashes))
	})
	h.clock.Pass(time.Minute) // that code is spent
	return key, recovery
}

// jane returns the record of jane.
func (h *house) jane(t testing.TB) *login.Account {
	t.Helper()
	a, err := h.records.Now(t.Context(), "7")
	require.NoError(t, err)
	return a
}

// entries returns what the trail says, newest first.
func (h *house) entries(t testing.TB, q audit.Query) []*audit.Entry {
	t.Helper()
	q.Limit = store.MaxPageLimit
	list, err := h.trail.List(t.Context(), q)
	require.NoError(t, err)
	return list.Items
}

// told returns "outcome action key: reason" of each entry, newest first.
func (h *house) told(t testing.TB) []string {
	t.Helper()
	told := []string{}
	for _, e := range h.entries(t, audit.Query{}) {
		line := string(e.Outcome) + " " + e.Action + " " + e.Key
		if e.Reason != "" {
			line += ": " + e.Reason
		}
		told = append(told, line)
	}
	return told
}

func attempt(username, password string) credential.Attempt {
	return credential.Attempt{Username: username, Password: secret(password), Source: "192.0.2.1"}
}

// code returns what an app shows.
func code(t testing.TB, key store.Secret, at time.Time) string {
	t.Helper()
	shown, err := totp.GenerateCode(key.Reveal(), at)
	require.NoError(t, err)
	return shown
}

// requireRefused requires a LoginError of that code.
func requireRefused(t testing.TB, err error, want credential.Code) {
	t.Helper()
	refused, ok := errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want, refused.Code)
	require.ErrorIs(t, err, store.ErrForbidden)
}

// together runs n calls at the same instant and returns their errors.
func together(n int, call func(i int) error) []error {
	failed := make([]error, n)
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() {
			<-start
			failed[i] = call(i)
		})
	}
	close(start)
	done.Wait()
	return failed
}
