package permission

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

// testBool and testList are the permissions of the property test.
const (
	testBool = "test.switch"
	testList = "test.list"
)

// model resolves in the slow and obvious way: it writes down who says
// something, in order, and reads that from the top.
type model struct {
	user    Subject
	groups  []GroupGrants // in any order
	initial map[string]Value
}

func (m model) layers(permission string) []Value {
	members := slices.DeleteFunc(slices.Clone(m.groups), func(g GroupGrants) bool { return !slices.Contains(m.user.Groups, g.Name) })
	slices.SortFunc(members, func(a, b GroupGrants) int {
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
			case Any:
				all = true
			case OwnExtension:
				set[m.user.DefaultExtension] = true
			case OwnExtensions:
				set[m.user.DefaultExtension] = true
				for _, linked := range m.user.LinkedExtensions {
					set[linked] = true
				}
			default:
				set[item] = true
			}
		}
		if !value.IsAppend() {
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

func drawPermissions(t *rapid.T) Permissions {
	perms := Permissions{}
	if rapid.Bool().Draw(t, "says switch") {
		perms[testBool] = rapid.SampledFrom([]Value{On(), Off()}).Draw(t, "switch")
	}
	if rapid.IntRange(0, 2).Draw(t, "says list") > 0 {
		words := []string{"self", "linked", "1001", "1002", "1003", "1004", "1005", "1006", "1007"}
		if rapid.IntRange(0, 9).Draw(t, "with all") == 0 {
			words = append(words, "all")
		}
		items := rapid.SliceOfN(rapid.SampledFrom(words), 1, 3).Draw(t, "items")
		perms[testList] = Append(items...)
		if rapid.IntRange(0, 2).Draw(t, "replaces") == 0 {
			perms[testList] = Set(items...)
		}
	}
	return perms
}

func drawModel(t *rapid.T) model {
	m := model{initial: map[string]Value{
		testBool: rapid.SampledFrom([]Value{On(), Off()}).Draw(t, "default"),
		testList: Set(rapid.SampledFrom([][]string{{}, {"self"}, {"linked"}, {"1007"}}).Draw(t, "default list")...),
	}}
	m.user = Subject{
		DefaultExtension: rapid.SampledFrom([]string{"", "1001"}).Draw(t, "default extension"),
		LinkedExtensions: rapid.SampledFrom([][]string{nil, {"1003", "1002"}}).Draw(t, "linked"),
		Permissions:      drawPermissions(t),
	}
	for i := range rapid.SampledFrom([]int{0, 1, 2, 5, 70}).Draw(t, "groups") {
		// Names of one priority differ in case as well.
		name := fmt.Sprintf("%s%03d", []string{"g", "G"}[i%2], 997*i%1000)
		m.groups = append(m.groups, GroupGrants{Name: name, Priority: rapid.IntRange(1, 3).Draw(t, "priority"), Permissions: drawPermissions(t)})
		if rapid.Bool().Draw(t, "member") {
			m.user.Groups = append(m.user.Groups, name)
		}
	}
	return m
}

// resolver returns the resolver over the groups of the model.
func (m model) resolver() *Resolver {
	return NewResolver(NewRegistry([]Permission{
		{ID: testBool, Kind: KindBool, Default: m.initial[testBool], Description: "May."},
		{ID: testList, Kind: KindExtensions, Default: m.initial[testList], Description: "May with these."},
	}), m.groups)
}

func TestEffectiveSet_matchesReferenceModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		m.user.Groups = append(m.user.Groups, "gone") // a group that was just deleted
		e := m.resolver().For(m.user)

		on := m.layers(testBool)[0].IsOn()
		require.Equal(t, on, e.Enabled(testBool))
		items, all := m.items(testList)
		gotItems, gotAll := e.Values(testList)
		require.Equal(t, items, gotItems)
		require.Equal(t, all, gotAll)
		for _, item := range []string{"", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "9"} {
			require.Equal(t, item != "" && (all || slices.Contains(items, item)), e.Contains(testList, item), item)
		}

		x, err := e.Explain(testBool)
		require.NoError(t, err)
		require.Equal(t, on, x.On)
		requireGrants(t, m.layers(testBool), x)
		x, err = e.Explain(testList)
		require.NoError(t, err)
		require.Equal(t, items, x.Items)
		require.Equal(t, all, x.All)
		requireGrants(t, m.layers(testList), x)
	})
}

// requireGrants requires that all who say something are told of, and that
// those count who come until the first who does not extend.
func requireGrants(t *rapid.T, layers []Value, x *Explanation) {
	require.Len(t, x.Grants, len(layers))
	applied := true
	for i, grant := range x.Grants {
		require.True(t, grant.Value.Equal(layers[i]))
		require.Equal(t, applied, grant.Applied)
		applied = applied && layers[i].IsAppend()
	}
	require.Equal(t, LayerDefault, x.Grants[len(layers)-1].Layer)
}

func TestResolver_For_ignoresValuesOfWrongKind(t *testing.T) {
	t.Parallel()
	p := NewResolver(NewRegistry(nil), []GroupGrants{{Name: "Sales", Permissions: Permissions{
		XMPPLogin: Set("all"), SettingsExtensions: On(), HistoryExtensions: Append(), "fax.send": On(),
	}}})
	u := Subject{DefaultExtension: "1001", Groups: []string{"Sales"}, Permissions: Permissions{XMPPLogin: Append("1"), SettingsExtensions: On()}}
	e := p.For(u)
	require.False(t, e.Enabled(XMPPLogin))
	require.Equal(t, "1001", e.Format(SettingsExtensions))
	for _, x := range e.ExplainAll() {
		require.Len(t, x.Grants, 1, x.Permission.ID)
	}
	require.False(t, e.Enabled("fax.send"))
}

func TestResolver_For_acceptsManyGroups(t *testing.T) {
	t.Parallel()
	groups := make([]GroupGrants, 3000)
	for i := range groups {
		groups[i] = GroupGrants{Name: fmt.Sprintf("g%05d", i), Permissions: Permissions{HistoryExtensions: Append(strconv.Itoa(i))}}
	}
	e := NewResolver(NewRegistry(nil), groups).For(Subject{Groups: []string{"g02999", "G00000", "g01500"}})
	require.Equal(t, "0, 1500, 2999", e.Format(HistoryExtensions))
}
