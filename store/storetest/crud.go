package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func crudRules() []rule {
	return []rule{
		{"empty_backend", emptyBackend},
		{"found_ignoring_case", foundIgnoringCase},
		{"unknown_not_found", unknownNotFound},
		{"update_writes", updateWrites},
		{"update_aborted", updateAborted},
		{"name_unchanged", nameUnchanged},
		{"deleted_not_found", deletedNotFound},
		{"iterated_in_order", iteratedInOrder},
		{"iteration_stops", iterationStops},
		{"read_during_iteration", readDuringIteration},
		{"account_not_shared", accountNotShared},
	}
}

func emptyBackend(t *testing.T, b Backend) {
	list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{})
	require.NoError(t, err)
	require.NotNil(t, list.Items, "JSON shows an empty list, not null")
	require.Empty(t, list.Items)
	require.Empty(t, list.Next)
	require.Empty(t, accountNames(t, b))
}

func foundIgnoringCase(t *testing.T, b Backend) {
	createAccounts(t, b, "CRMpro_Ami")
	for _, name := range []string{"CRMpro_Ami", "crmpro_ami", "CRMPRO_AMI"} {
		u, err := b.AMIAccounts().Account(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, "CRMpro_Ami", u.Name, "the name is kept as it was given")
		require.Equal(t, "secret of CRMpro_Ami", u.Secret.Reveal())
	}
}

func unknownNotFound(t *testing.T, b Backend) {
	createAccounts(t, b, "crm")
	called := false
	_, err := b.AMIAccounts().Account(t.Context(), "dialer")
	for verb, err := range map[string]error{
		"read":   err,
		"update": b.AMIAccounts().UpdateAccount(t.Context(), "dialer", func(*manager.Account) error { called = true; return nil }),
		"delete": b.AMIAccounts().DeleteAccount(t.Context(), "dialer"),
	} {
		require.ErrorIs(t, err, store.ErrNotFound, verb)
		var notFound *store.NotFoundError
		require.ErrorAs(t, err, &notFound, verb)
		require.Equal(t, "AMI account", notFound.Kind, verb)
	}
	require.False(t, called)
	require.Equal(t, []string{"crm"}, accountNames(t, b))
}

func updateWrites(t *testing.T, b Backend) {
	createAccounts(t, b, "crm", "dialer")
	require.NoError(t, b.AMIAccounts().UpdateAccount(t.Context(), "CRM", func(u *manager.Account) error {
		require.Equal(t, newAccount("crm").Secret, u.Secret)
		u.Owner, u.Secret, u.Read = "sales", store.NewSecret("another secret"), manager.NoPrivileges
		return nil
	}))
	u, err := b.AMIAccounts().Account(t.Context(), "crm")
	require.NoError(t, err)
	want := newAccount("crm")
	want.Owner, want.Secret, want.Read = "sales", store.NewSecret("another secret"), manager.NoPrivileges
	requireSameAccount(t, want, u)
	other, err := b.AMIAccounts().Account(t.Context(), "dialer")
	require.NoError(t, err)
	requireSameAccount(t, newAccount("dialer"), other)
}

func updateAborted(t *testing.T, b Backend) {
	createAccounts(t, b, "crm")
	errAbort := errors.New("aborted")
	err := b.AMIAccounts().UpdateAccount(t.Context(), "crm", func(u *manager.Account) error {
		u.Owner = "nobody"
		return errAbort
	})
	require.Same(t, errAbort, err)
	u, err := b.AMIAccounts().Account(t.Context(), "crm")
	require.NoError(t, err)
	requireSameAccount(t, newAccount("crm"), u)
}

func nameUnchanged(t *testing.T, b Backend) {
	createAccounts(t, b, "crm", "dialer")
	for _, name := range []string{"CRM", "dialer", "other", ""} {
		require.NoError(t, b.AMIAccounts().UpdateAccount(t.Context(), "crm", func(u *manager.Account) error {
			u.Name = name
			return nil
		}))
	}
	require.Equal(t, []string{"crm", "dialer"}, accountNames(t, b))
}

func deletedNotFound(t *testing.T, b Backend) {
	createAccounts(t, b, "crm", "dialer")
	require.NoError(t, b.AMIAccounts().DeleteAccount(t.Context(), "CRM"))
	require.ErrorIs(t, b.AMIAccounts().DeleteAccount(t.Context(), "crm"), store.ErrNotFound)
	require.Equal(t, []string{"dialer"}, accountNames(t, b))
	createAccounts(t, b, "Crm")
	require.Equal(t, []string{"Crm", "dialer"}, accountNames(t, b))
}

func iteratedInOrder(t *testing.T, b Backend) {
	createAccounts(t, b, "b", "_", "B-1", "a.b", "A", "z", "0", "Z_")
	require.Equal(t, []string{"0", "_", "A", "a.b", "b", "B-1", "z", "Z_"}, accountNames(t, b))
}

func iterationStops(t *testing.T, b Backend) {
	createAccounts(t, b, "a", "b", "c")
	errStop := errors.New("enough")
	visited := 0
	err := b.AMIAccounts().EachAccount(t.Context(), func(*manager.Account) error {
		visited++
		if visited == 2 {
			return errStop
		}
		return nil
	})
	require.Same(t, errStop, err)
	require.Equal(t, 2, visited)
}

func readDuringIteration(t *testing.T, b Backend) {
	createAccounts(t, b, "a", "b")
	read := 0
	visit := func(u *manager.Account) error {
		_, err := b.AMIAccounts().Account(t.Context(), u.Name)
		read++
		return err
	}
	require.NoError(t, b.AMIAccounts().EachAccount(t.Context(), visit))
	require.Equal(t, 2, read)
}

func accountNotShared(t *testing.T, b Backend) {
	original := hostileAccount("crm")
	given := original.Clone()
	require.NoError(t, b.AMIAccounts().CreateAccount(t.Context(), given))
	mutateAccount(given)
	requireStored := func() *manager.Account {
		u, err := b.AMIAccounts().Account(t.Context(), "crm")
		require.NoError(t, err)
		requireSameAccount(t, original, u)
		return u
	}
	mutateAccount(requireStored())

	list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{})
	require.NoError(t, err)
	mutateAccount(list.Items[0])
	requireStored()

	require.NoError(t, b.AMIAccounts().EachAccount(t.Context(), func(u *manager.Account) error {
		mutateAccount(u)
		return nil
	}))
	requireStored()

	var retained *manager.Account
	require.NoError(t, b.AMIAccounts().UpdateAccount(t.Context(), "crm", func(u *manager.Account) error {
		retained = u
		return nil
	}))
	mutateAccount(retained)
	requireStored()
	require.Error(t, b.AMIAccounts().UpdateAccount(t.Context(), "crm", func(u *manager.Account) error {
		mutateAccount(u)
		return errors.New("aborted")
	}))
	requireStored()
}

// mutateAccount changes everything that u could share with a copy.
func mutateAccount(u *manager.Account) {
	u.Name, u.Owner, u.Secret = "mutated", "mutated", store.NewSecret("mutated")
	for i := range u.Deny {
		u.Deny[i] = manager.Network{}
	}
	for i := range u.Permit {
		u.Permit[i] = manager.Network{}
	}
	for i := range u.EventFilters {
		u.EventFilters[i] = manager.EventFilter{Match: "mutated"}
	}
}
