// Package storetest is the behaviour that every backend of this module must
// show, as a test suite. A backend, also one of your own, runs it from a test:
//
//	func TestBackend(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Backend { return open(t) })
//	}
//
// It is for tests only and must not be imported by a product.
package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// Backend is what is tested.
type Backend interface {
	store.Transactor
	// Managers returns the store of AMI accounts, which takes part in the
	// transactions of the backend.
	Managers() manager.Store
}

// rule is one test; each is given a backend of its own, which is empty.
type rule struct {
	name string
	test func(t *testing.T, b Backend)
}

// Run tests the backends that open returns: each call of open must return an
// empty one, which lives until the test that is given to open ends. The tests
// run in parallel.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	t.Helper()
	parts := []struct {
		name  string
		rules []rule
	}{
		{"cancellation", cancellation()},
		{"concurrency", concurrency()},
		{"crud", crud()},
		{"paging", paging()},
		{"round trip", roundTrip()},
		{"transactions", transactions()},
		{"uniqueness", uniqueness()},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			for _, rule := range part.rules {
				t.Run(rule.name, func(t *testing.T) {
					t.Parallel()
					rule.test(t, open(t))
				})
			}
		})
	}
}

// account returns a valid account of that name.
func account(name string) *manager.User {
	return &manager.User{Name: name, Secret: store.NewSecret("secret of " + name), Read: manager.Call | manager.CDR, Write: manager.Originate}
}

// create stores valid accounts of these names.
func create(t *testing.T, b Backend, names ...string) {
	t.Helper()
	for _, name := range names {
		require.NoError(t, b.Managers().CreateUser(t.Context(), account(name)))
	}
}

// numbered returns n names in their order.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("account-%04d", i)
	}
	return names
}

// stored returns the names of all accounts in the order of EachUser.
func stored(t *testing.T, b Backend) []string {
	t.Helper()
	names := []string{}
	require.NoError(t, b.Managers().EachUser(t.Context(), func(u *manager.User) error {
		names = append(names, u.Name)
		return nil
	}))
	return names
}

func namesOf(users []*manager.User) []string {
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = u.Name
	}
	return names
}
