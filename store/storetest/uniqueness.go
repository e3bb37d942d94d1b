package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func uniquenessRules() []rule {
	return []rule{
		{"unique_ignoring_case", uniqueIgnoringCase},
		{"concurrent_names", concurrentNames},
		{"duplicate_name_in_transaction", duplicateNameInTransaction},
	}
}

func requireNameExists(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrAlreadyExists)
	var exists *store.AlreadyExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.AlreadyExistsError{Kind: "AMI account", Field: "name"}, exists)
}

func uniqueIgnoringCase(t *testing.T, b Backend) {
	createAccounts(t, b, "crm")
	for _, name := range []string{"crm", "CRM", "cRm"} {
		duplicate := newAccount(name)
		duplicate.Owner = "somebody else"
		requireNameExists(t, b.AMIAccounts().CreateAccount(t.Context(), duplicate))
	}
	u, err := b.AMIAccounts().Account(t.Context(), "crm")
	require.NoError(t, err)
	requireSameAccount(t, newAccount("crm"), u)
	createAccounts(t, b, "crm2", "cr")
}

func concurrentNames(t *testing.T, b Backend) {
	for _, name := range []string{"crm", "dialer", "queue"} {
		errs := make([]error, 8)
		runConcurrently(len(errs), func(i int) {
			variant := name
			if i%2 == 1 {
				variant = strings.ToUpper(name)
			}
			errs[i] = b.AMIAccounts().CreateAccount(t.Context(), newAccount(variant))
		})
		created := 0
		for _, err := range errs {
			if err == nil {
				created++
				continue
			}
			requireNameExists(t, err)
		}
		require.Equal(t, 1, created)
	}
	require.Len(t, accountNames(t, b), 3)
}

func duplicateNameInTransaction(t *testing.T, b Backend) {
	createAccounts(t, b, "crm")
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		requireNameExists(t, b.AMIAccounts().CreateAccount(ctx, newAccount("CRM")))
		err := b.AMIAccounts().DeleteAccount(ctx, "unknown")
		require.ErrorIs(t, err, store.ErrNotFound)
		return errors.Join(b.AMIAccounts().CreateAccount(ctx, newAccount("dialer")), b.AMIAccounts().DeleteAccount(ctx, "crm"))
	}))
	require.Equal(t, []string{"dialer"}, accountNames(t, b))
}
