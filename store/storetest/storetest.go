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

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// Backend is what is tested.
type Backend interface {
	store.Transactor
	// Administrators returns the store of administrators, which takes part
	// in the transactions of the backend, as the others do.
	Administrators() ampusers.Store
	// Audit returns the store of the audit trail.
	Audit() audit.Store
	// Managers returns the store of AMI accounts.
	Managers() manager.Store
	// People returns the store of the people of a team; "" is the default
	// one.
	People(team string) userman.Store
	// Vault returns the store of small values that expire.
	Vault() store.Vault
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
		{"administrators", administrators()},
		{"administrators, lists", administratorLists()},
		{"administrators, round trip", administratorRoundTrip()},
		{"all together", together()},
		{"audit", auditTrail()},
		{"audit, lists", auditLists()},
		{"cancellation", cancellation()},
		{"concurrency", concurrency()},
		{"crud", crud()},
		{"groups", groups()},
		{"orders", orders()},
		{"paging", paging()},
		{"people", people()},
		{"people, lists", peopleLists()},
		{"people, orders", peopleOrders()},
		{"people, round trip", peopleRoundTrip()},
		{"people, uniqueness", peopleUniqueness()},
		{"pictures", pictures()},
		{"round trip", roundTrip()},
		{"teams", teams()},
		{"tokens", tokens()},
		{"tokens, requests", tokenRequests()},
		{"transactions", transactions()},
		{"uniqueness", uniqueness()},
		{"vault", vault()},
		{"visits", visits()},
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
		names[i] = nth(i)
	}
	return names
}

// nth returns the i-th of the numbered names.
func nth(i int) string { return fmt.Sprintf("account-%04d", i) }

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
