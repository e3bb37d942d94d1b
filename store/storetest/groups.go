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
	"github.com/pbxusers/pbxusers/userman/permission"
)

func groupRules() []rule {
	return []rule{
		{"group_stored", groupStored},
		{"group_found", groupFound},
		{"group_name_unique", groupNameUnique},
		{"group_name_unchanged", groupNameUnchanged},
		{"group_update_aborted", groupUpdateAborted},
		{"groups_listed", groupsListed},
		{"group_revision_changes", groupRevisionChanges},
		{"rolled_back_revision", rolledBackRevision},
		{"group_with_members_not_deleted", groupWithMembersNotDeleted},
		{"unknown_group_rejected", unknownGroupRejected},
		{"group_names_normalized", groupNamesNormalized},
		{"members_counted", membersCounted},
		{"deleted_group_has_no_members", deletedGroupHasNoMembers},
		{"group_not_shared", groupNotShared},
	}
}

// newGroup returns a valid group with that name.
func newGroup(name string) *userman.Group {
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

// requireGroup requires that the stored group equals want.
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
	alone, err := st.GroupsRevision(t.Context())
	require.NoError(t, err)
	require.Equal(t, revision, alone, "GroupsRevision and ListGroups return the same revision")
	names = make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	return names, revision
}

func groupStored(t *testing.T, b Backend) {
	st, want := b.Users(""), fullGroup("北京 'n\" <b>")
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
	st := b.Users("")
	createGroups(t, st, "Größe", "北京")
	for lookup, want := range map[string]string{"größe": "Größe", "GRÖSSE": "Größe", "gro\u0308ße": "Größe", "北京": "北京"} {
		g, err := st.Group(t.Context(), lookup)
		require.NoError(t, err)
		require.Equal(t, want, g.Name)
	}
	for _, name := range []string{"", "Grö", "%"} {
		_, err := st.Group(t.Context(), name)
		requireNotFound(t, err, "group")
		requireNotFound(t, st.DeleteGroup(t.Context(), name), "group")
		requireNotFound(t, st.UpdateGroup(t.Context(), name, func(*userman.Group) error {
			require.Fail(t, "there is nothing to change")
			return nil
		}), "group")
	}
}

func groupNameUnique(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Größe")
	for _, name := range []string{"Größe", "GRÖSSE", "gro\u0308ße"} {
		requireAlreadyExists(t, st.CreateGroup(t.Context(), fullGroup(name)), "group", "name")
	}
	requireGroup(t, st, newGroup("Größe"))
	createGroups(t, st, "Grosse")
}

func groupNameUnchanged(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Sales", "Support")
	for _, name := range []string{"SALES", "Support", "other", ""} {
		require.NoError(t, st.UpdateGroup(t.Context(), "sales", func(g *userman.Group) error {
			g.Name = name
			return nil
		}))
	}
	names, _ := listGroups(t, st)
	require.Equal(t, []string{"Sales", "Support"}, names)
}

func groupUpdateAborted(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Sales")
	_, before := listGroups(t, st)
	errAbort := errors.New("aborted")
	require.Same(t, errAbort, st.UpdateGroup(t.Context(), "Sales", func(g *userman.Group) error {
		g.Default = true
		return errAbort
	}))
	requireGroup(t, st, newGroup("Sales"))
	_, after := listGroups(t, st)
	require.Equal(t, before, after)
}

func groupsListed(t *testing.T, b Backend) {
	st := b.Users("")
	names, revision := listGroups(t, st)
	require.Empty(t, names)
	require.Zero(t, revision)
	groups, _, err := st.ListGroups(t.Context())
	require.NoError(t, err)
	require.NotNil(t, groups, "JSON shows an empty list, not null")
	for name, priority := range map[string]int{"b": 5, "A": 5, "é": 5, "z": 1, "last": 10_000, "c": 100} {
		g := newGroup(name)
		g.Priority = priority
		require.NoError(t, st.CreateGroup(t.Context(), g))
	}
	names, _ = listGroups(t, st)
	require.Equal(t, []string{"z", "A", "b", "é", "c", "last"}, names)
}

func groupRevisionChanges(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	createUsers(t, st, "jane")
	require.NoError(t, tokens.CreateToken(t.Context(), newToken("jane", 1)))
	seen := map[int64]bool{}
	requireNew := func(err error) {
		t.Helper()
		require.NoError(t, err)
		_, revision := listGroups(t, st)
		require.NotContains(t, seen, revision)
		seen[revision] = true
		owner, err := tokens.TokenWithOwner(t.Context(), newToken("jane", 1).ID)
		require.NoError(t, err)
		require.Equal(t, revision, owner.GroupsRevision)
	}
	requireNew(nil)
	unchanged := func(*userman.Group) error { return nil }
	for range 3 {
		requireNew(st.CreateGroup(t.Context(), newGroup("Sales")))
		requireNew(st.CreateGroup(t.Context(), newGroup("Support")))
		requireNew(st.UpdateGroup(t.Context(), "Sales", unchanged))
		requireNew(st.DeleteGroup(t.Context(), "Sales"))
		requireNew(st.DeleteGroup(t.Context(), "Support"))
	}
	_, before := listGroups(t, st)
	require.NoError(t, b.Users("acme").CreateGroup(t.Context(), newGroup("Sales")))
	_, after := listGroups(t, st)
	require.Equal(t, before, after, "other teams have other revisions")
}

func rolledBackRevision(t *testing.T, b Backend) {
	st := b.Users("")
	errRollback := errors.New("undo")
	seen := map[int64]bool{}
	for i := range 10 {
		err := b.RunInTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, st.CreateGroup(ctx, newGroup(nthName(i))))
			_, revision, err := st.ListGroups(ctx)
			require.NoError(t, err)
			alone, err := st.GroupsRevision(ctx)
			require.NoError(t, err)
			require.Equal(t, revision, alone)
			require.NotContains(t, seen, revision)
			seen[revision] = true
			return []error{errRollback, nil}[i%2]
		})
		require.Equal(t, i%2 == 0, errors.Is(err, errRollback))
	}
}

func groupWithMembersNotDeleted(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Sales", "Support")
	u := newUser("jane")
	u.Groups, u.DeletedAt = []string{"Sales"}, noon()
	require.NoError(t, st.CreateUser(t.Context(), u))
	_, before := listGroups(t, st)
	runInTx(t, b, func(ctx context.Context) error {
		require.ErrorIs(t, st.DeleteGroup(ctx, "SALES"), store.ErrConflict)
		return nil
	})
	names, after := listGroups(t, st)
	require.Equal(t, []string{"Sales", "Support"}, names)
	require.Equal(t, before, after)
	updateUser(t, st, "jane", func(u *userman.User) { u.Groups = []string{"Support"} })
	require.NoError(t, st.DeleteGroup(t.Context(), "SALES"))
	require.ErrorIs(t, st.DeleteGroup(t.Context(), "Support"), store.ErrConflict)
	require.NoError(t, st.DeleteUser(t.Context(), idOf("jane")))
	require.NoError(t, st.DeleteGroup(t.Context(), "Support"))
}

func unknownGroupRejected(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Sales")
	createGroups(t, b.Users("acme"), "Support")
	createUsers(t, st, "jane")
	lost := newUser("lost")
	lost.Groups = []string{"Sales", "Support"}
	requireNotFound(t, st.CreateUser(t.Context(), lost), "group")
	requireNotFound(t, st.UpdateUser(t.Context(), idOf("jane"), func(u *userman.User) error {
		u.Title, u.Groups = "changed", []string{"Support"}
		return nil
	}), "group")
	require.Equal(t, []string{"jane"}, allUsernames(t, st))
	requireUser(t, st, newUser("jane"))
}

func groupNamesNormalized(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Größe", "Sales")
	u := newUser("jane")
	u.Groups = []string{"GRÖSSE", "sales", "Größe"}
	require.NoError(t, st.CreateUser(t.Context(), u))
	require.Equal(t, []string{"GRÖSSE", "sales", "Größe"}, u.Groups, "what was given stays as it was")
	u.Groups = []string{"Größe", "Sales"}
	requireUser(t, st, u)
	updateUser(t, st, "jane", func(u *userman.User) { u.Groups = []string{"SALES"} })
	u.Groups = []string{"Sales"}
	requireUser(t, st, u)
	require.Empty(t, listUsernames(t, st, userman.Query{Group: "Größe"}))
	require.Equal(t, []string{"jane"}, listUsernames(t, st, userman.Query{Group: "Sales"}))
}

func membersCounted(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Sales", "Größe", "empty")
	for i, username := range sequentialNames(6) {
		u := newUser(username)
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
	updateUser(t, st, nthName(0), softDelete)
	requireMembers(2, 1)
	updateUser(t, st, nthName(1), func(u *userman.User) { u.DeletedAt = time.Time{} })
	requireMembers(3, 2)
	updateUser(t, st, nthName(4), func(u *userman.User) { u.Groups = nil })
	requireMembers(2, 1)
	require.NoError(t, st.DeleteUser(t.Context(), idOf(nthName(1))))
	requireMembers(1, 0)
}

// deletedGroupHasNoMembers adds users to a group while it is deleted.
func deletedGroupHasNoMembers(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Sales")
	createUsers(t, st, sequentialNames(8)...)
	errs := make([]error, 9)
	runConcurrently(len(errs), func(i int) {
		if i == len(errs)/2 {
			errs[i] = st.DeleteGroup(t.Context(), "Sales")
			return
		}
		errs[i] = st.UpdateUser(t.Context(), idOf(nthName(i%8)), func(u *userman.User) error {
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
	st, want := b.Users(""), fullGroup("Sales")
	given := want.Clone()
	require.NoError(t, st.CreateGroup(t.Context(), given))
	given.Permissions["mutated"] = permission.On()
	requireGroup(t, st, want)
	groups, _, err := st.ListGroups(t.Context())
	require.NoError(t, err)
	one, err := st.Group(t.Context(), "Sales")
	require.NoError(t, err)
	for _, g := range append(groups, one) {
		g.Permissions["mutated"] = permission.On()
		requireGroup(t, st, want)
	}
	members, err := st.CountMembers(t.Context())
	require.NoError(t, err)
	members["Sales"] = 7
	members, err = st.CountMembers(t.Context())
	require.NoError(t, err)
	require.Zero(t, members["Sales"])
}
