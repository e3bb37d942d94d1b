package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func crud() []rule {
	return []rule{
		{"a new backend is empty", emptyAtFirst},
		{"an account is found in any case", foundInAnyCase},
		{"an unknown account is not found", unknownNotFound},
		{"an update writes what changed", updateWrites},
		{"an update that is given up writes nothing", updateGivenUp},
		{"an update keeps the name", updateKeepsName},
		{"a deleted account is gone", deletedIsGone},
		{"each user is visited in the order of folded names", visitedInOrder},
		{"each user stops at the first error", visitStops},
		{"visit may read the store", visitMayRead},
		{"what goes in and out is not shared", nothingShared},
	}
}

func emptyAtFirst(t *testing.T, b Backend) {
	list, err := b.Managers().ListUsers(t.Context(), manager.Query{})
	require.NoError(t, err)
	require.NotNil(t, list.Items, "JSON shows an empty list, not null")
	require.Empty(t, list.Items)
	require.Empty(t, list.Next)
	require.Empty(t, stored(t, b))
}

func foundInAnyCase(t *testing.T, b Backend) {
	create(t, b, "CRMpro_Ami")
	for _, name := range []string{"CRMpro_Ami", "crmpro_ami", "CRMPRO_AMI"} {
		u, err := b.Managers().User(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, "CRMpro_Ami", u.Name, "the name is kept as it was given")
		require.Equal(t, "secret of CRMpro_Ami", u.Secret.Reveal())
	}
}

func unknownNotFound(t *testing.T, b Backend) {
	create(t, b, "crm")
	called := false
	_, err := b.Managers().User(t.Context(), "dialer")
	for verb, err := range map[string]error{
		"read":   err,
		"update": b.Managers().UpdateUser(t.Context(), "dialer", func(*manager.User) error { called = true; return nil }),
		"delete": b.Managers().DeleteUser(t.Context(), "dialer"),
	} {
		require.ErrorIs(t, err, store.ErrNotFound, verb)
		var notFound *store.NotFoundError
		require.ErrorAs(t, err, &notFound, verb)
		require.Equal(t, "AMI account", notFound.Kind, verb)
	}
	require.False(t, called)
	require.Equal(t, []string{"crm"}, stored(t, b))
}

func updateWrites(t *testing.T, b Backend) {
	create(t, b, "crm", "dialer")
	require.NoError(t, b.Managers().UpdateUser(t.Context(), "CRM", func(u *manager.User) error {
		require.Equal(t, account("crm").Secret, u.Secret)
		u.Owner, u.Secret, u.Read = "sales", store.NewSecret("another secret"), manager.NoPrivileges
		return nil
	}))
	u, err := b.Managers().User(t.Context(), "crm")
	require.NoError(t, err)
	want := account("crm")
	want.Owner, want.Secret, want.Read = "sales", store.NewSecret("another secret"), manager.NoPrivileges
	requireSame(t, want, u)
	other, err := b.Managers().User(t.Context(), "dialer")
	require.NoError(t, err)
	requireSame(t, account("dialer"), other)
}

func updateGivenUp(t *testing.T, b Backend) {
	create(t, b, "crm")
	refusal := errors.New("refused")
	err := b.Managers().UpdateUser(t.Context(), "crm", func(u *manager.User) error {
		u.Owner = "nobody"
		return refusal
	})
	require.Same(t, refusal, err)
	u, err := b.Managers().User(t.Context(), "crm")
	require.NoError(t, err)
	requireSame(t, account("crm"), u)
}

func updateKeepsName(t *testing.T, b Backend) {
	create(t, b, "crm", "dialer")
	for _, name := range []string{"CRM", "dialer", "other", ""} {
		require.NoError(t, b.Managers().UpdateUser(t.Context(), "crm", func(u *manager.User) error {
			u.Name = name
			return nil
		}))
	}
	require.Equal(t, []string{"crm", "dialer"}, stored(t, b))
}

func deletedIsGone(t *testing.T, b Backend) {
	create(t, b, "crm", "dialer")
	require.NoError(t, b.Managers().DeleteUser(t.Context(), "CRM"))
	require.ErrorIs(t, b.Managers().DeleteUser(t.Context(), "crm"), store.ErrNotFound)
	require.Equal(t, []string{"dialer"}, stored(t, b))
	create(t, b, "Crm")
	require.Equal(t, []string{"Crm", "dialer"}, stored(t, b))
}

func visitedInOrder(t *testing.T, b Backend) {
	create(t, b, "b", "_", "B-1", "a.b", "A", "z", "0", "Z_")
	require.Equal(t, []string{"0", "_", "A", "a.b", "b", "B-1", "z", "Z_"}, stored(t, b))
}

func visitStops(t *testing.T, b Backend) {
	create(t, b, "a", "b", "c")
	enough := errors.New("enough")
	visited := 0
	err := b.Managers().EachUser(t.Context(), func(*manager.User) error {
		visited++
		if visited == 2 {
			return enough
		}
		return nil
	})
	require.Same(t, enough, err)
	require.Equal(t, 2, visited)
}

func visitMayRead(t *testing.T, b Backend) {
	create(t, b, "a", "b")
	read := 0
	visit := func(u *manager.User) error {
		_, err := b.Managers().User(t.Context(), u.Name)
		read++
		return err
	}
	require.NoError(t, b.Managers().EachUser(t.Context(), visit))
	require.Equal(t, 2, read)
}

func nothingShared(t *testing.T, b Backend) {
	original := hostileAccount("crm")
	given := original.Clone()
	require.NoError(t, b.Managers().CreateUser(t.Context(), given))
	spoil(given)
	requireStored := func() *manager.User {
		u, err := b.Managers().User(t.Context(), "crm")
		require.NoError(t, err)
		requireSame(t, original, u)
		return u
	}
	spoil(requireStored())

	list, err := b.Managers().ListUsers(t.Context(), manager.Query{})
	require.NoError(t, err)
	spoil(list.Items[0])
	requireStored()

	require.NoError(t, b.Managers().EachUser(t.Context(), func(u *manager.User) error {
		spoil(u)
		return nil
	}))
	requireStored()

	var kept *manager.User
	require.NoError(t, b.Managers().UpdateUser(t.Context(), "crm", func(u *manager.User) error {
		kept = u
		return nil
	}))
	spoil(kept)
	requireStored()
	require.Error(t, b.Managers().UpdateUser(t.Context(), "crm", func(u *manager.User) error {
		spoil(u)
		return errors.New("refused")
	}))
	requireStored()
}

// spoil changes all that u could share with another.
func spoil(u *manager.User) {
	u.Name, u.Owner, u.Secret = "spoilt", "spoilt", store.NewSecret("spoilt")
	for i := range u.Deny {
		u.Deny[i] = manager.Network{}
	}
	for i := range u.Permit {
		u.Permit[i] = manager.Network{}
	}
	for i := range u.EventFilters {
		u.EventFilters[i] = manager.EventFilter{Match: "spoilt"}
	}
}
