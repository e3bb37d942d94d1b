package userman_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func TestMembershipsInGroupsOfTheDirectoryFollowIt(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", "", "Sales", "sales"), entry("id-2", "john", "", "SALES"))
	h.group(t, "Kept here", nil)
	require.Equal(t, []string{"Sales"}, h.sync(t).Groups)
	require.NoError(t, h.AddMembers(t.Context(), "Kept here", "jane", "john"))
	require.NoError(t, h.RemoveMembers(t.Context(), "Sales", "john"))
	_, err := h.UpdateGroup(t.Context(), "Sales", func(g *userman.Group) error {
		g.Permissions = userman.Permissions{userman.PortalLogin: userman.Off()}
		return nil
	})
	require.NoError(t, err)

	d.hold(entry("id-1", "jane", "", "Support"), entry("id-2", "john", "", "Sales"))
	r := h.sync(t)
	require.Equal(t, []string{"update jane groups", "update john groups"}, steps(r))
	require.Equal(t, []string{"Support"}, r.Groups)
	require.Equal(t, []string{"Kept here", "Support"}, h.get(t, "jane").Groups)
	require.Equal(t, []string{"Kept here", "Sales"}, h.get(t, "john").Groups)

	d.hold(entry("id-1", "jane", ""), entry("id-2", "john", ""))
	h.sync(t)
	sales, err := h.Group(t.Context(), "sales")
	require.NoError(t, err, "a group that is gone there stays, without members")
	require.Zero(t, sales.Members)
	require.Equal(t, userman.Permissions{userman.PortalLogin: userman.Off()}, sales.Permissions)
	h.requireProven(t)
}

func TestAGroupOfTheDirectoryNeverGivesThePermissionsOfOneThatIsKeptHere(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDirectory{}
			h := newServiceOver(t, open(t), "", withDirectory(d))
			h.group(t, "Operators", userman.Permissions{userman.RESTUse: userman.On()})
			d.hold(entry("id-1", "jane", "", "OPERATORS", "Sales"), entry("id-2", "john", "", "operators"))
			r := h.trySync(t)
			require.Equal(t, []string{"create jane", "create john"}, steps(r), "they are synced without it")
			require.Equal(t, []string{
				": the group OPERATORS is not one of this directory but kept here, or of another; its members there are not put into it, rename one of the two",
			}, problems(r), "told once")
			require.Equal(t, []string{"Sales"}, h.get(t, "jane").Groups)
			can, err := h.Effective(t.Context(), "jane")
			require.NoError(t, err)
			require.False(t, can.Can(userman.RESTUse))

			require.NoError(t, h.AddMembers(t.Context(), "Operators", "jane"))
			require.Empty(t, h.trySync(t).Steps, "who is put into it here stays in it")
		})
	}
}

func TestAGroupThatIsMadeHereInTheMidstOfASyncIsNotUsed(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", ""), entry("id-2", "john", ""))
	h.sync(t)
	d.hold(entry("id-1", "jane", "", "Operators"), entry("id-2", "johnny", ""), entry("id-3", "joan", "", "Operators"))
	d.reading = func() { h.group(t, "Operators", nil) } // the groups have been read by then
	r := h.trySync(t)
	require.Equal(t, []string{"update johnny username"}, steps(r))
	require.Empty(t, r.Groups)
	const meanwhile = "the group Operators was made here at the same time; rename one of the two, and sync again"
	require.Equal(t, []string{"id-1: " + meanwhile, "id-3: " + meanwhile}, problems(r))
	require.Empty(t, h.get(t, "jane").Groups)
	require.Equal(t, "refused sync create joan: conflict", h.told(t))
	h.requireProven(t)
}

func TestGroupsWhoseNamesCannotBeUsedAreLeftOut(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", "", "", "a\nb", strings.Repeat("x", 101), string([]byte{0xff}), "Fine"))
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
	d.hold(entry("id-1", "jane", "", many...))
	r = h.trySync(t)
	require.Equal(t, []string{"id-1: the person would be in more than 200 groups"}, problems(r))
	require.Empty(t, r.Groups, "groups that nobody needs are not made")
}

func TestADirectoryWithoutGroupsLeavesThemAlone(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", "", "Ignored"))
	d.silent = true
	require.Empty(t, h.sync(t).Groups)
	h.group(t, "Sales", nil)
	require.NoError(t, h.AddMembers(t.Context(), "Sales", "jane"))
	require.Empty(t, h.sync(t).Steps)
	require.Equal(t, []string{"Sales"}, h.get(t, "jane").Groups)
}

func TestASyncIsToldToTheTrailByWhoeverBeganIt(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", "", "Sales"))
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "root.admin"})
	_, err := h.Sync(ctx, branch, nil)
	require.NoError(t, err)
	d.hold(entry("id-1", "janet", "", "Sales"))
	_, err = h.Sync(ctx, branch, nil)
	require.NoError(t, err)
	var told []string
	for _, e := range h.entries(t, audit.Query{}) {
		require.Equal(t, "root.admin", e.Actor.Name)
		told = append(told, e.Action+" "+e.Kind+" "+e.Key)
	}
	require.Equal(t, []string{
		"sync update person janet", "sync update person jane", "sync create person jane", "sync create group Sales",
	}, told)
}
