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

// branchDirectory is what the directory of the tests is called.
const branchDirectory = "branch-office"

// fakeDirectory is a directory in memory.
type fakeDirectory struct {
	mu      sync.Mutex
	entries []userman.DirectoryEntry
	// eachErr, when it is not nil, ends each reading before the last entry.
	eachErr error
	// onEach, when it is not nil, is called before the first entry.
	onEach func()
	// noGroups directories tell no groups.
	noGroups bool
	// authCalls are the external IDs that a password was asked for.
	authCalls []string
	password  store.Secret
}

func (d *fakeDirectory) Name() string { return branchDirectory }

func (d *fakeDirectory) Capabilities() userman.Capabilities {
	return userman.Capabilities{Authenticate: true, Groups: !d.noGroups, Sync: true}
}

func (d *fakeDirectory) OwnsField(field string) bool { return slices.Contains(managedFields(), field) }

func (d *fakeDirectory) Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.authCalls = append(d.authCalls, externalID)
	return password.Equal(d.password), ctx.Err()
}

func (d *fakeDirectory) Each(_ context.Context, visit func(userman.DirectoryEntry) error) error {
	d.mu.Lock()
	entries, eachErr, onEach := slices.Clone(d.entries), d.eachErr, d.onEach
	d.mu.Unlock()
	if onEach != nil {
		onEach()
	}
	for i, e := range entries {
		if eachErr != nil && i == len(entries)-1 {
			break
		}
		if err := visit(e); err != nil {
			return err
		}
	}
	return eachErr
}

// setEntries replaces what the directory has.
func (d *fakeDirectory) setEntries(entries ...userman.DirectoryEntry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = entries
}

// managedFields are the fields that the directory keeps.
func managedFields() []string { return []string{"default_extension", "email", "last_name", "username"} }

// newEntry is somebody of the directory, with an extension and groups.
func newEntry(externalID, username, extension string, groups ...string) userman.DirectoryEntry {
	return userman.DirectoryEntry{
		ExternalID: externalID, ManagedFields: managedFields(), Groups: groups,
		User: &userman.User{Username: username, DefaultExtension: extension},
	}
}

// newSyncedService returns a service whose directory has these entries.
func newSyncedService(t testing.TB, entries ...userman.DirectoryEntry) (*env, *fakeDirectory) {
	t.Helper()
	d := &fakeDirectory{entries: entries}
	return newService(t, withDirectory(d)), d
}

func withDirectory(d userman.Directory) func(*userman.Options) {
	return func(o *userman.Options) { o.Directories = []userman.Directory{d} }
}

// sync syncs, lets as many go as there are, and requires that nothing is a
// problem.
func (h *env) sync(t testing.TB) *userman.SyncReport {
	t.Helper()
	r := h.trySync(t)
	require.Empty(t, r.Problems)
	return r
}

// trySync syncs and lets as many go as there are.
func (h *env) trySync(t testing.TB) *userman.SyncReport {
	t.Helper()
	r, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{MaxRemovalRatio: 1})
	require.NoError(t, err)
	require.Equal(t, branchDirectory, r.Directory)
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
	return messages(r.Problems)
}

// messages returns the problems or warnings as "external ID: message".
func messages(problems []userman.SyncProblem) []string {
	all := make([]string, len(problems))
	for i, p := range problems {
		all[i] = p.ExternalID + ": " + p.Message
	}
	return all
}
