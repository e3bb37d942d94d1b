package userman_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// branch is what the directory of the tests is called.
const branch = "branch-office"

// fakeDirectory is a directory in memory.
type fakeDirectory struct {
	mu      sync.Mutex
	entries []userman.Entry
	// broken, when it is not nil, ends each reading before the last entry.
	broken error
	// reading, when it is not nil, is called before the first entry.
	reading func()
	// silent directories tell no groups.
	silent bool
	// asked are the external IDs that a password was asked for.
	asked []string
	right store.Secret
}

func (d *fakeDirectory) Name() string { return branch }

func (d *fakeDirectory) Abilities() userman.Abilities {
	return userman.Abilities{Authenticate: true, Groups: !d.silent, Sync: true}
}

func (d *fakeDirectory) Owns(field string) bool { return slices.Contains(owned(), field) }

func (d *fakeDirectory) Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, externalID)
	return password.Equal(d.right), ctx.Err()
}

func (d *fakeDirectory) Each(_ context.Context, visit func(userman.Entry) error) error {
	d.mu.Lock()
	entries, broken, reading := slices.Clone(d.entries), d.broken, d.reading
	d.mu.Unlock()
	if reading != nil {
		reading()
	}
	for i, e := range entries {
		if broken != nil && i == len(entries)-1 {
			break
		}
		if err := visit(e); err != nil {
			return err
		}
	}
	return broken
}

// hold replaces what the directory has.
func (d *fakeDirectory) hold(entries ...userman.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = entries
}

// owned are the fields that the directory keeps.
func owned() []string { return []string{"default_extension", "email", "last_name", "username"} }

// entry is somebody of the directory, with an extension and groups.
func entry(externalID, username, extension string, groups ...string) userman.Entry {
	return userman.Entry{
		ExternalID: externalID, Owned: owned(), Groups: groups,
		User: &userman.User{Username: username, DefaultExtension: extension},
	}
}

// newSynced returns a service whose directory has these entries.
func newSynced(t testing.TB, entries ...userman.Entry) (*house, *fakeDirectory) {
	t.Helper()
	d := &fakeDirectory{entries: entries}
	return newService(t, withDirectory(d)), d
}

func withDirectory(d userman.Directory) func(*userman.Options) {
	return func(o *userman.Options) { o.Directories = []userman.Directory{d} }
}

// sync syncs, lets as many go as there are, and requires that nothing is a
// problem.
func (h *house) sync(t testing.TB) *userman.SyncReport {
	t.Helper()
	r := h.trySync(t)
	require.Empty(t, r.Problems)
	return r
}

// trySync syncs and lets as many go as there are.
func (h *house) trySync(t testing.TB) *userman.SyncReport {
	t.Helper()
	r, err := h.Sync(t.Context(), branch, &userman.SyncOptions{MaxGone: 1})
	require.NoError(t, err)
	require.Equal(t, branch, r.Directory)
	require.False(t, r.DryRun)
	return r
}

// steps returns "action username: fields" of each step.
func steps(r *userman.SyncReport) []string {
	all := make([]string, len(r.Steps))
	for i, s := range r.Steps {
		all[i] = string(s.Action) + " " + s.Username
		for _, f := range s.Fields {
			all[i] += " " + f
		}
	}
	return all
}

// problems returns "external ID: message" of each problem.
func problems(r *userman.SyncReport) []string {
	all := make([]string, len(r.Problems))
	for i, p := range r.Problems {
		all[i] = p.ExternalID + ": " + p.Message
	}
	return all
}
