package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func groups() []rule {
	return []rule{
		{"every field of a group is kept", groupKept},
		{"a group is found in any case and spelling", groupFound},
		{"a name of a group is unique in any case and spelling", groupNameUnique},
		{"an update of a group keeps the name", groupNameKept},
		{"an update of a group that is given up writes nothing", groupUpdateGivenUp},
		{"groups are listed by priority and name", groupsListed},
		{"each write to a group gives another revision", groupsRevised},
		{"a revision of what was undone does not come back", undoneRevision},
		{"a group with members is not deleted", groupWithMembersStays},
		{"members of a group that does not exist are refused", unknownGroupRefused},
		{"people are in groups by the names that these have", groupsByTheirNames},
		{"members are counted without the deleted ones", membersCounted},
		{"a deleted group is in nobody's list", deletedGroupInNoList},
		{"a group that goes in and out is not shared", groupNotShared},
	}
}

// groupOf returns a valid group of that name.
func groupOf(name string) *userman.Group {
	return &userman.Group{Name: name, Priority: userman.DefaultPriority}
}

func fullGroup(name string) *userman.Group {
	return &userman.Group{
		Name: name, Description: "'; \"<b>Größe</b>\" \\", Priority: 7, Default: true, Directory: "ldap '\"",
		Permissions: hostileUser("jane").Permissions, CreatedAt: noon().Add(time.Microsecond), UpdatedAt: noon().Add(time.Hour),
	}
}

func requireSameGroup(t *testing.T, want, got *userman.Group) {
	t.Helper()
	want, got = want.Clone(), got.Clone()
	requireSamePermissions(t, want.Permissions, got.Permissions)
	got.Permissions = want.Permissions
	require.Equal(t, want, got)
}

// requireGroup requires that the group is stored as want.
func requireGroup(t *testing.T, st userman.Store, want *userman.Group) {
	t.Helper()
	g, err := st.Group(t.Context(), want.Name)
	require.NoError(t, err)
	requireSameGroup(t, want, g)
}

// listGroups returns the names of the groups and their revision.
func listGroups(t *testing.T, st userman.Store) (names []string, revision int64) {
	t.Helper()
	groups, revision, err := st.ListGroups(t.Context())
	require.NoError(t, err)
	names = make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	return names, revision
}

func groupKept(t *testing.T, b Backend) {
	st, want := b.People(""), fullGroup("北京 'n\" <b>")
	requireFilled(t, reflect.ValueOf(*want), "Members")
	given := want.Clone()
	given.Members = 7
	given.CreatedAt = given.CreatedAt.Add(500 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	require.NoError(t, st.CreateGroup(t.Context(), given))
	requireGroup(t, st, want)
	groups, _, err := st.ListGroups(t.Context())
	require.NoError(t, err)
	require.Len(t, groups, 1)
	requireSameGroup(t, want, groups[0])
	empty := &userman.Group{Name: "empty"}
	require.NoError(t, st.CreateGroup(t.Context(), empty))
	requireGroup(t, st, empty)
	require.NoError(t, st.UpdateGroup(t.Context(), "EMPTY", func(g *userman.Group) error {
		requireSameGroup(t, empty, g)
		*g = *want.Clone()
		return nil
	}))
	want.Name = "empty"
	requireGroup(t, st, want)
}

func groupFound(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Größe", "北京")
	for asked, want := range map[string]string{"größe": "Größe", "GRÖSSE": "Größe", "gro\u0308ße": "Größe", "北京": "北京"} {
		g, err := st.Group(t.Context(), asked)
		require.NoError(t, err)
		require.Equal(t, want, g.Name)
	}
	for _, name := range []string{"", "Grö", "%"} {
		_, err := st.Group(t.Context(), name)
		requireMissing(t, err, "group")
		requireMissing(t, st.DeleteGroup(t.Context(), name), "group")
		requireMissing(t, st.UpdateGroup(t.Context(), name, func(*userman.Group) error {
			require.Fail(t, "there is nothing to change")
			return nil
		}), "group")
	}
}

func groupNameUnique(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Größe")
	for _, name := range []string{"Größe", "GRÖSSE", "gro\u0308ße"} {
		requireTaken(t, st.CreateGroup(t.Context(), fullGroup(name)), "group", "name")
	}
	requireGroup(t, st, groupOf("Größe"))
	makeGroups(t, st, "Grosse")
}

func groupNameKept(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Sales", "Support")
	for _, name := range []string{"SALES", "Support", "other", ""} {
		require.NoError(t, st.UpdateGroup(t.Context(), "sales", func(g *userman.Group) error {
			g.Name = name
			return nil
		}))
	}
	names, _ := listGroups(t, st)
	require.Equal(t, []string{"Sales", "Support"}, names)
}

func groupUpdateGivenUp(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Sales")
	_, before := listGroups(t, st)
	refusal := errors.New("refused")
	require.Same(t, refusal, st.UpdateGroup(t.Context(), "Sales", func(g *userman.Group) error {
		g.Default = true
		return refusal
	}))
	requireGroup(t, st, groupOf("Sales"))
	_, after := listGroups(t, st)
	require.Equal(t, before, after)
}

func groupsListed(t *testing.T, b Backend) {
	st := b.People("")
	names, revision := listGroups(t, st)
	require.Empty(t, names)
	require.Zero(t, revision)
	groups, _, err := st.ListGroups(t.Context())
	require.NoError(t, err)
	require.NotNil(t, groups, "JSON shows an empty list, not null")
	for name, priority := range map[string]int{"b": 5, "A": 5, "é": 5, "z": 1, "last": 10_000, "c": 100} {
		g := groupOf(name)
		g.Priority = priority
		require.NoError(t, st.CreateGroup(t.Context(), g))
	}
	names, _ = listGroups(t, st)
	require.Equal(t, []string{"z", "A", "b", "é", "c", "last"}, names)
}

func groupsRevised(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane")
	require.NoError(t, st.CreateToken(t.Context(), tokenOf("jane", 1)))
	seen := map[int64]bool{}
	requireNew := func(err error) {
		t.Helper()
		require.NoError(t, err)
		_, revision := listGroups(t, st)
		require.NotContains(t, seen, revision)
		seen[revision] = true
		holder, err := st.Holder(t.Context(), tokenOf("jane", 1).ID)
		require.NoError(t, err)
		require.Equal(t, revision, holder.GroupsRevision)
	}
	requireNew(nil)
	unchanged := func(*userman.Group) error { return nil }
	for range 3 {
		requireNew(st.CreateGroup(t.Context(), groupOf("Sales")))
		requireNew(st.CreateGroup(t.Context(), groupOf("Support")))
		requireNew(st.UpdateGroup(t.Context(), "Sales", unchanged))
		requireNew(st.DeleteGroup(t.Context(), "Sales"))
		requireNew(st.DeleteGroup(t.Context(), "Support"))
	}
	_, before := listGroups(t, st)
	require.NoError(t, b.People("acme").CreateGroup(t.Context(), groupOf("Sales")))
	_, after := listGroups(t, st)
	require.Equal(t, before, after, "those of another team are another matter")
}

func undoneRevision(t *testing.T, b Backend) {
	st := b.People("")
	undo := errors.New("undo")
	seen := map[int64]bool{}
	for i := range 10 {
		err := b.Atomically(t.Context(), func(ctx context.Context) error {
			require.NoError(t, st.CreateGroup(ctx, groupOf(nth(i))))
			_, revision, err := st.ListGroups(ctx)
			require.NoError(t, err)
			require.NotContains(t, seen, revision)
			seen[revision] = true
			return []error{undo, nil}[i%2]
		})
		require.Equal(t, i%2 == 0, errors.Is(err, undo))
	}
}

func groupWithMembersStays(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Sales", "Support")
	u := somebody("jane")
	u.Groups, u.DeletedAt = []string{"Sales"}, noon()
	require.NoError(t, st.CreateUser(t.Context(), u))
	_, before := listGroups(t, st)
	inTransaction(t, b, func(ctx context.Context) error {
		require.ErrorIs(t, st.DeleteGroup(ctx, "SALES"), store.ErrConflict)
		return nil
	})
	names, after := listGroups(t, st)
	require.Equal(t, []string{"Sales", "Support"}, names)
	require.Equal(t, before, after)
	amend(t, st, "jane", func(u *userman.User) { u.Groups = []string{"Support"} })
	require.NoError(t, st.DeleteGroup(t.Context(), "SALES"))
	require.ErrorIs(t, st.DeleteGroup(t.Context(), "Support"), store.ErrConflict)
	require.NoError(t, st.DeleteUser(t.Context(), idOf("jane")))
	require.NoError(t, st.DeleteGroup(t.Context(), "Support"))
}

func unknownGroupRefused(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Sales")
	makeGroups(t, b.People("acme"), "Support")
	admit(t, st, "jane")
	lost := somebody("lost")
	lost.Groups = []string{"Sales", "Support"}
	requireMissing(t, st.CreateUser(t.Context(), lost), "group")
	requireMissing(t, st.UpdateUser(t.Context(), idOf("jane"), func(u *userman.User) error {
		u.Title, u.Groups = "changed", []string{"Support"}
		return nil
	}), "group")
	require.Equal(t, []string{"jane"}, admitted(t, st))
	requireSomebody(t, st, somebody("jane"))
}

func groupsByTheirNames(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Größe", "Sales")
	u := somebody("jane")
	u.Groups = []string{"GRÖSSE", "sales", "Größe"}
	require.NoError(t, st.CreateUser(t.Context(), u))
	require.Equal(t, []string{"GRÖSSE", "sales", "Größe"}, u.Groups, "what was given stays as it was")
	u.Groups = []string{"Größe", "Sales"}
	requireSomebody(t, st, u)
	amend(t, st, "jane", func(u *userman.User) { u.Groups = []string{"SALES"} })
	u.Groups = []string{"Sales"}
	requireSomebody(t, st, u)
	require.Empty(t, listed(t, st, userman.Query{Group: "Größe"}))
	require.Equal(t, []string{"jane"}, listed(t, st, userman.Query{Group: "Sales"}))
}

func membersCounted(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Sales", "Größe", "empty")
	for i, username := range numbered(6) {
		u := somebody(username)
		u.Groups, u.Disabled = [][]string{{"Sales"}, {"Größe", "Sales"}, {}}[i%3], i == 0
		if i == 1 {
			u.DeletedAt = noon()
		}
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
	requireMembers := func(sales, size int) {
		t.Helper()
		members, err := st.CountMembers(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{sales, size, 0}, []int{members["Sales"], members["Größe"], members["empty"]})
	}
	requireMembers(3, 1)
	amend(t, st, nth(0), setAside)
	requireMembers(2, 1)
	amend(t, st, nth(1), func(u *userman.User) { u.DeletedAt = time.Time{} })
	requireMembers(3, 2)
	amend(t, st, nth(4), func(u *userman.User) { u.Groups = nil })
	requireMembers(2, 1)
	require.NoError(t, st.DeleteUser(t.Context(), idOf(nth(1))))
	requireMembers(1, 0)
}

// deletedGroupInNoList has people join a group while it is deleted.
func deletedGroupInNoList(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Sales")
	admit(t, st, numbered(8)...)
	errs := make([]error, 9)
	atOnce(len(errs), func(i int) {
		if i == len(errs)/2 {
			errs[i] = st.DeleteGroup(t.Context(), "Sales")
			return
		}
		errs[i] = st.UpdateUser(t.Context(), idOf(nth(i%8)), func(u *userman.User) error {
			u.Groups = []string{"Sales"}
			return nil
		})
	})
	_, err := st.Group(t.Context(), "Sales")
	deleted := errors.Is(err, store.ErrNotFound)
	require.Equal(t, deleted, errs[len(errs)/2] == nil)
	members := 0
	require.NoError(t, st.EachUser(t.Context(), func(u *userman.User) error {
		members += len(u.Groups)
		return nil
	}))
	require.Equal(t, deleted, members == 0)
}

func groupNotShared(t *testing.T, b Backend) {
	st, want := b.People(""), fullGroup("Sales")
	given := want.Clone()
	require.NoError(t, st.CreateGroup(t.Context(), given))
	given.Permissions["spoilt"] = userman.On()
	requireGroup(t, st, want)
	groups, _, err := st.ListGroups(t.Context())
	require.NoError(t, err)
	one, err := st.Group(t.Context(), "Sales")
	require.NoError(t, err)
	for _, g := range append(groups, one) {
		g.Permissions["spoilt"] = userman.On()
		requireGroup(t, st, want)
	}
	members, err := st.CountMembers(t.Context())
	require.NoError(t, err)
	members["Sales"] = 7
	members, err = st.CountMembers(t.Context())
	require.NoError(t, err)
	require.Zero(t, members["Sales"])
}
