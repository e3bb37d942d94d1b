package userman_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestService_Sync_updatesDirectoryGroupMemberships(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "", "Sales", "sales"), newEntry("id-2", "john", "", "SALES"))
	h.createGroup(t, "Kept here", nil)
	require.Equal(t, []string{"Sales"}, h.sync(t).Groups)
	require.NoError(t, h.Groups().AddMembers(t.Context(), "Kept here", "jane", "john"))
	require.NoError(t, h.Groups().RemoveMembers(t.Context(), "Sales", "john"))
	_, err := h.Groups().Update(t.Context(), "Sales", func(g *userman.Group) error {
		g.Permissions = permission.Permissions{permission.PortalLogin: permission.Off()}
		return nil
	})
	require.NoError(t, err)

	d.setEntries(newEntry("id-1", "jane", "", "Support"), newEntry("id-2", "john", "", "Sales"))
	r := h.sync(t)
	require.Equal(t, []string{"update jane groups", "update john groups"}, steps(r))
	require.Equal(t, []string{"Support"}, r.Groups)
	require.Equal(t, []string{"Kept here", "Support"}, h.get(t, "jane").Groups)
	require.Equal(t, []string{"Kept here", "Sales"}, h.get(t, "john").Groups)

	d.setEntries(newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
	h.sync(t)
	sales, err := h.Groups().Get(t.Context(), "sales")
	require.NoError(t, err, "a group that is gone there stays, without members")
	require.Zero(t, sales.Members)
	require.Equal(t, permission.Permissions{permission.PortalLogin: permission.Off()}, sales.Permissions)
	h.requireAuditIntact(t)
}

func TestService_Sync_ignoresLocalGroupsOfSameName(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDirectory{}
			h := newServiceWithDB(t, open(t), "", withDirectory(d))
			h.createGroup(t, "Operators", permission.Permissions{permission.RESTUse: permission.On()})
			d.setEntries(newEntry("id-1", "jane", "", "OPERATORS", "Sales"), newEntry("id-2", "john", "", "operators"))
			r := h.trySync(t)
			require.Equal(t, []string{"create jane", "create john"}, steps(r), "they are synced without it")
			require.Equal(t, []string{
				": the group OPERATORS is not managed by this directory; its members were not added, rename one of the two groups",
			}, problems(r), "told once")
			require.Equal(t, []string{"Sales"}, h.get(t, "jane").Groups)
			perms, err := h.EffectivePermissions(t.Context(), "jane")
			require.NoError(t, err)
			require.False(t, perms.Enabled(permission.RESTUse))

			require.NoError(t, h.Groups().AddMembers(t.Context(), "Operators", "jane"))
			require.Empty(t, h.trySync(t).Steps, "who is put into it here stays in it")
		})
	}
}

func TestService_Sync_reportsGroupCreatedConcurrently(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
	h.sync(t)
	d.setEntries(newEntry("id-1", "jane", "", "Operators"), newEntry("id-2", "johnny", ""), newEntry("id-3", "joan", "", "Operators"))
	d.onEach = func() { h.createGroup(t, "Operators", nil) } // the groups have been read by then
	r := h.trySync(t)
	require.Equal(t, []string{"update johnny username"}, steps(r))
	require.Empty(t, r.Groups)
	const meanwhile = "the group Operators was created here at the same time; rename one of the two, and sync again"
	require.Equal(t, []string{"id-1: " + meanwhile, "id-3: " + meanwhile}, problems(r))
	require.Empty(t, h.get(t, "jane").Groups)
	require.Equal(t, "denied sync create joan: conflict", h.lastAuditEntry(t))
	h.requireAuditIntact(t)
}

func TestService_Sync_skipsInvalidGroupNames(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "", "", "a\nb", strings.Repeat("x", 101), string([]byte{0xff}), "Fine"))
	r := h.trySync(t)
	require.Equal(t, []string{"create jane"}, steps(r))
	require.Equal(t, []string{"Fine"}, h.get(t, "jane").Groups)
	for _, p := range r.Problems {
		require.Equal(t, "a group of the directory has a name that cannot be used here, which takes 1 to 100 characters of one line; its members are not in it here", p.Message)
	}
	require.NotEmpty(t, r.Problems)

	var many []string
	for i := range 201 {
		many = append(many, fmt.Sprintf("Group %d", i))
	}
	d.setEntries(newEntry("id-1", "jane", "", many...))
	r = h.trySync(t)
	require.Equal(t, []string{"id-1: the user would be in more than 200 groups"}, problems(r))
	require.Empty(t, r.Groups, "groups that nobody needs are not made")
}

func TestService_Sync_keepsGroupsWithoutGroupSupport(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "", "Ignored"))
	d.noGroups = true
	require.Empty(t, h.sync(t).Groups)
	h.createGroup(t, "Sales", nil)
	require.NoError(t, h.Groups().AddMembers(t.Context(), "Sales", "jane"))
	require.Empty(t, h.sync(t).Steps)
	require.Equal(t, []string{"Sales"}, h.get(t, "jane").Groups)
}

func TestService_Sync_recordsActorInAudit(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "", "Sales"))
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "root.admin"})
	_, err := h.Sync(ctx, branchDirectory, nil)
	require.NoError(t, err)
	d.setEntries(newEntry("id-1", "janet", "", "Sales"))
	_, err = h.Sync(ctx, branchDirectory, nil)
	require.NoError(t, err)
	var events []string
	for _, e := range h.entries(t, audit.Query{}) {
		require.Equal(t, "root.admin", e.Actor.Name)
		events = append(events, e.Action+" "+e.Kind+" "+e.Key)
	}
	require.Equal(t, []string{
		"sync update user janet", "sync update user jane", "sync create user jane", "sync create group Sales",
	}, events)
}

// A directory whose groups cannot be seen any more tells of no error.
func TestService_Sync_limitsMembershipRemovalRatio(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		people, leaving int
		share           float64
		refused         bool
	}{
		{people: 10, leaving: 10, refused: true}, {people: 10, leaving: 10, share: 1},
		{people: 10, leaving: 2}, {people: 10, leaving: 3, refused: true},
		{people: 10, leaving: 10, share: 0.5}, {people: 10, leaving: 11, share: 0.5, refused: true},
		{people: 1, leaving: 1}, {people: 1, leaving: 2, refused: true},
	} {
		t.Run(fmt.Sprintf("%d of %d at %g", test.leaving, 2*test.people, test.share), func(t *testing.T) {
			t.Parallel()
			// Each is in two groups, and leaves first the one and then the other.
			entriesAfter := func(leaving int) (all []userman.DirectoryEntry) {
				for i := range test.people {
					groups := []string{"Everybody", "Sales"}
					groups = groups[min(2, leaving):]
					leaving -= 2 - len(groups)
					all = append(all, newEntry(fmt.Sprintf("id-%02d", i), fmt.Sprintf("user%02d", i), "", groups...))
				}
				return all
			}
			h, d := newSyncedService(t, entriesAfter(0)...)
			h.createGroup(t, "Kept here", nil)
			h.sync(t)
			require.NoError(t, h.Groups().AddMembers(t.Context(), "Kept here", "user00"))
			before := h.get(t, "user00").Groups
			d.setEntries(entriesAfter(test.leaving)...)
			r, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{MaxRemovalRatio: test.share})
			require.Len(t, r.Steps, (test.leaving+1)/2)
			if !test.refused {
				require.NoError(t, err)
				require.NotEqual(t, before, h.get(t, "user00").Groups)
				return
			}
			require.ErrorIs(t, err, store.ErrConflict)
			require.ErrorContains(t, err, fmt.Sprintf("%d of %d memberships", test.leaving, 2*test.people))
			require.True(t, r.DryRun, "what was planned is told, and was not done")
			require.Equal(t, before, h.get(t, "user00").Groups)
		})
	}
}

// Whoever moves from group to group shows that they can be read; and whoever is
// missing, or cannot be read, leaves none.
func TestService_Sync_movedMembershipsAreNoRemovals(t *testing.T) {
	t.Parallel()
	var before, after []userman.DirectoryEntry
	for i := range 10 {
		id, username := fmt.Sprintf("id-%d", i), fmt.Sprintf("user%d", i)
		before, after = append(before, newEntry(id, username, "", "Sales")), append(after, newEntry(id, username, "", "Support"))
	}
	h, d := newSyncedService(t, before...)
	h.sync(t)
	after[1] = userman.DirectoryEntry{ExternalID: "id-1", Problem: "it is broken"}
	after[2] = newEntry("id-2", "user2", "")
	d.setEntries(after[1:]...)
	r, err := h.Sync(t.Context(), branchDirectory, nil)
	require.NoError(t, err)
	require.Len(t, r.Steps, 9)
	require.Equal(t, "disable user0", steps(r)[0])
	for username, groups := range map[string][]string{"user0": {"Sales"}, "user1": {"Sales"}, "user2": {}, "user3": {"Support"}} {
		require.Equal(t, groups, h.get(t, username).Groups)
	}
}
