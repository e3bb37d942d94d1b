package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func uniqueness() []rule {
	return []rule{
		{"a name is unique in any case", uniqueInAnyCase},
		{"of many who take a name at once one gets it", racedName},
		{"a refused name leaves its transaction usable", refusedNameInTransaction},
	}
}

func requireNameTaken(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrExists)
	var exists *store.ExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.ExistsError{Kind: "AMI account", Field: "name"}, exists)
}

func uniqueInAnyCase(t *testing.T, b Backend) {
	create(t, b, "crm")
	for _, name := range []string{"crm", "CRM", "cRm"} {
		taken := account(name)
		taken.Owner = "somebody else"
		requireNameTaken(t, b.Managers().CreateUser(t.Context(), taken))
	}
	u, err := b.Managers().User(t.Context(), "crm")
	require.NoError(t, err)
	requireSame(t, account("crm"), u)
	create(t, b, "crm2", "cr")
}

func racedName(t *testing.T, b Backend) {
	for _, name := range []string{"crm", "dialer", "queue"} {
		errs := make([]error, 8)
		atOnce(len(errs), func(i int) {
			mine := name
			if i%2 == 1 {
				mine = strings.ToUpper(name)
			}
			errs[i] = b.Managers().CreateUser(t.Context(), account(mine))
		})
		created := 0
		for _, err := range errs {
			if err == nil {
				created++
				continue
			}
			requireNameTaken(t, err)
		}
		require.Equal(t, 1, created)
	}
	require.Len(t, stored(t, b), 3)
}

func refusedNameInTransaction(t *testing.T, b Backend) {
	create(t, b, "crm")
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		requireNameTaken(t, b.Managers().CreateUser(ctx, account("CRM")))
		err := b.Managers().DeleteUser(ctx, "unknown")
		require.ErrorIs(t, err, store.ErrNotFound)
		return errors.Join(b.Managers().CreateUser(ctx, account("dialer")), b.Managers().DeleteUser(ctx, "crm"))
	}))
	require.Equal(t, []string{"dialer"}, stored(t, b))
}
