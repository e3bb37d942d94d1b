// Package storetest is the conformance suite of backends. A backend, also one of
// your own, runs it from a test:
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

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// Backend is a backend to test.
type Backend interface {
	store.Transactor
	// Administrators returns the store of administrators. Like all stores, it joins
	// the transactions of the backend.
	Administrators() ampusers.Store
	// Audit returns the store of the audit log.
	Audit() audit.Store
	// AMIAccounts returns the store of AMI accounts.
	AMIAccounts() manager.Store
	// Users returns the store of the users of a team; "" is the default team.
	Users(team string) userman.Store
	// Tokens returns the store of the API tokens of a team.
	Tokens(team string) apitoken.Store
	// Extensions returns the store of the extensions of a team.
	Extensions(team string) extension.Store
	// Settings returns the store of the settings of the product.
	Settings() settings.Store
	// TTLStore returns the store of small values that expire.
	TTLStore() store.TTLStore
}

// rule is one test with an empty backend of its own.
type rule struct {
	name string
	test func(t *testing.T, b Backend)
}

// Run tests the backends that open returns. Each call of open must return an empty
// backend, which lives until the end of the test that is passed to open. The tests
// run in parallel.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	t.Helper()
	parts := []struct {
		name  string
		rules []rule
	}{
		{"administrators", administratorRules()},
		{"administrators_lists", administratorListRules()},
		{"administrators_round_trip", administratorRoundTripRules()},
		{"cross_store", crossStoreRules()},
		{"audit_log", auditLogRules()},
		{"audit_lists", auditListRules()},
		{"cancellation", cancellationRules()},
		{"concurrency", concurrencyRules()},
		{"crud", crudRules()},
		{"extensions", extensionRules()},
		{"groups", groupRules()},
		{"sorting", sortRules()},
		{"paging", pagingRules()},
		{"backward", backwardRules()},
		{"users", userRules()},
		{"user_lists", userListRules()},
		{"user_sorting", userSortRules()},
		{"user_round_trip", userRoundTripRules()},
		{"user_uniqueness", userUniquenessRules()},
		{"login_names", loginNameRules()},
		{"pictures", pictureRules()},
		{"mails", mailRules()},
		{"round_trip", roundTripRules()},
		{"teams", teamRules()},
		{"tokens", tokenRules()},
		{"tokens_requests", tokenRequestRules()},
		{"transactions", transactionRules()},
		{"uniqueness", uniquenessRules()},
		{"ttl_store", ttlStoreRules()},
		{"iteration", iterationRules()},
		{"settings", settingsRules()},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			for _, rule := range part.rules {
				t.Run(rule.name, func(t *testing.T) {
					t.Parallel()
					b := open(t)
					rule.test(t, b)
					requireIntegrity(t, b)
				})
			}
		})
	}
}

// newAccount returns a valid account with that name.
func newAccount(name string) *manager.Account {
	return &manager.Account{Name: name, Secret: store.NewSecret("secret of " + name), Read: manager.Call | manager.CDR, Write: manager.Originate}
}

// createAccounts stores valid accounts with these names.
func createAccounts(t *testing.T, b Backend, names ...string) {
	t.Helper()
	for _, name := range names {
		require.NoError(t, b.AMIAccounts().CreateAccount(t.Context(), newAccount(name)))
	}
}

// sequentialNames returns n names in their order.
func sequentialNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = nthName(i)
	}
	return names
}

// nthName returns the i-th of the numbered names.
func nthName(i int) string { return fmt.Sprintf("account-%04d", i) }

// accountNames returns the names of all accounts in the order of EachUser.
func accountNames(t *testing.T, b Backend) []string {
	t.Helper()
	names := []string{}
	require.NoError(t, b.AMIAccounts().EachAccount(t.Context(), func(u *manager.Account) error {
		names = append(names, u.Name)
		return nil
	}))
	return names
}

func namesOf(users []*manager.Account) []string {
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = u.Name
	}
	return names
}
