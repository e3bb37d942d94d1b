package userman

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// theSwitch and theList are the permissions of the property test.
const (
	theSwitch = "test.switch"
	theList   = "test.list"
)

// model resolves in the slow and obvious way: it writes down who says
// something, in order, and reads that from the top.
type model struct {
	user    *User
	groups  []*Group // in any order
	initial map[string]Value
}

func (m model) layers(permission string) []Value {
	members := slices.DeleteFunc(slices.Clone(m.groups), func(g *Group) bool { return !slices.Contains(m.user.Groups, g.Name) })
	slices.SortFunc(members, func(a, b *Group) int {
		return cmp.Or(a.Priority-b.Priority, strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	var layers []Value
	if value, ok := m.user.Permissions[permission]; ok {
		layers = append(layers, value)
	}
	for _, g := range members {
		if value, ok := g.Permissions[permission]; ok {
			layers = append(layers, value)
		}
	}
	return append(layers, m.initial[permission])
}

func (m model) items(permission string) (items []string, all bool) {
	set := map[string]bool{}
	for _, value := range m.layers(permission) {
		for _, item := range value.items {
			switch item {
			case All:
				all = true
			case Self:
				set[m.user.DefaultExtension] = true
			case Linked:
				set[m.user.DefaultExtension] = true
				for _, linked := range m.user.LinkedExtensions {
					set[linked] = true
				}
			default:
				set[item] = true
			}
		}
		if !value.Extends() {
			break
		}
	}
	delete(set, "")
	if all {
		return []string{}, true
	}
	items = []string{}
	for item := range set {
		items = append(items, item)
	}
	slices.Sort(items)
	return items, false
}

func drawSaid(t *rapid.T) Permissions {
	said := Permissions{}
	if rapid.Bool().Draw(t, "says switch") {
		said[theSwitch] = rapid.SampledFrom([]Value{On(), Off()}).Draw(t, "switch")
	}
	if rapid.IntRange(0, 2).Draw(t, "says list") > 0 {
		words := []string{"self", "linked", "1001", "1002", "1003", "1004", "1005", "1006", "1007"}
		if rapid.IntRange(0, 9).Draw(t, "with all") == 0 {
			words = append(words, "all")
		}
		items := rapid.SliceOfN(rapid.SampledFrom(words), 1, 3).Draw(t, "items")
		said[theList] = Extend(items...)
		if rapid.IntRange(0, 2).Draw(t, "replaces") == 0 {
			said[theList] = Replace(items...)
		}
	}
	return said
}

func drawModel(t *rapid.T) model {
	m := model{initial: map[string]Value{
		theSwitch: rapid.SampledFrom([]Value{On(), Off()}).Draw(t, "default"),
		theList:   Replace(rapid.SampledFrom([][]string{{}, {"self"}, {"linked"}, {"1007"}}).Draw(t, "default list")...),
	}}
	m.user = &User{
		DefaultExtension: rapid.SampledFrom([]string{"", "1001"}).Draw(t, "default extension"),
		LinkedExtensions: rapid.SampledFrom([][]string{nil, {"1003", "1002"}}).Draw(t, "linked"),
		Permissions:      drawSaid(t),
	}
	for i := range rapid.SampledFrom([]int{0, 1, 2, 5, 70}).Draw(t, "groups") {
		// Names of one priority differ in case as well.
		name := fmt.Sprintf("%s%03d", []string{"g", "G"}[i%2], 997*i%1000)
		m.groups = append(m.groups, &Group{Name: name, Priority: rapid.IntRange(1, 3).Draw(t, "priority"), Permissions: drawSaid(t)})
		if rapid.Bool().Draw(t, "member") {
			m.user.Groups = append(m.user.Groups, name)
		}
	}
	return m
}

// policies are those that the store gives for the model.
func (m model) policies() *Policies {
	ordered := slices.Clone(m.groups)
	slices.SortFunc(ordered, func(a, b *Group) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(FoldGroupName(a.Name), FoldGroupName(b.Name)))
	})
	return newPolicies(newRegistry([]Permission{
		{ID: theSwitch, Kind: Switch, Default: m.initial[theSwitch], Sentence: "May."},
		{ID: theList, Kind: Extensions, Default: m.initial[theList], Sentence: "May with these."},
	}), ordered, 1)
}

func TestEffectivePermissionsAreThoseOfTheObviousModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		m.user.Groups = append(m.user.Groups, "gone") // a group that was just deleted
		e := m.policies().Of(m.user)

		on := m.layers(theSwitch)[0].IsOn()
		require.Equal(t, on, e.Can(theSwitch))
		items, all := m.items(theList)
		gotItems, gotAll := e.Items(theList)
		require.Equal(t, items, gotItems)
		require.Equal(t, all, gotAll)
		for _, item := range []string{"", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "9"} {
			require.Equal(t, item != "" && (all || slices.Contains(items, item)), e.Allows(theList, item), item)
		}

		x, err := e.Explain(theSwitch)
		require.NoError(t, err)
		require.Equal(t, on, x.On)
		requireSources(t, m.layers(theSwitch), x)
		x, err = e.Explain(theList)
		require.NoError(t, err)
		require.Equal(t, items, x.Items)
		require.Equal(t, all, x.All)
		requireSources(t, m.layers(theList), x)
	})
}

// requireSources requires that all who say something are told of, and that
// those count who come until the first who does not extend.
func requireSources(t *rapid.T, layers []Value, x *Explanation) {
	require.Len(t, x.Sources, len(layers))
	counts := true
	for i, source := range x.Sources {
		require.True(t, source.Value.Equal(layers[i]))
		require.Equal(t, counts, source.Counts)
		counts = counts && layers[i].Extends()
	}
	require.Equal(t, FromDefault, x.Sources[len(layers)-1].Origin)
}

func TestWhatIsSaidOfAnotherKindSaysNothing(t *testing.T) {
	t.Parallel()
	p := newPolicies(newRegistry(nil), []*Group{{Name: "Sales", Permissions: Permissions{
		XMPPLogin: Replace("all"), SettingsExtensions: On(), HistoryExtensions: Extend(), "fax.send": On(),
	}}}, 1)
	u := &User{DefaultExtension: "1001", Groups: []string{"Sales"}, Permissions: Permissions{XMPPLogin: Extend("1"), SettingsExtensions: On()}}
	e := p.Of(u)
	require.False(t, e.Can(XMPPLogin))
	require.Equal(t, "1001", e.Words(SettingsExtensions))
	for _, x := range e.ExplainAll() {
		require.Len(t, x.Sources, 1, x.Permission.ID)
	}
	require.False(t, e.Can("fax.send"))
}

func TestMoreGroupsThanATeamMayHaveAreResolvedAllTheSame(t *testing.T) {
	t.Parallel()
	groups := make([]*Group, 3*MaxGroups)
	for i := range groups {
		groups[i] = &Group{Name: fmt.Sprintf("g%05d", i), Permissions: Permissions{HistoryExtensions: Extend(strconv.Itoa(i))}}
	}
	e := newPolicies(newRegistry(nil), groups, 1).Of(&User{Groups: []string{"g02999", "G00000", "g01500"}})
	require.Equal(t, "0, 1500, 2999", e.Words(HistoryExtensions))
}
