package permission

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkEffectiveSet resolves all permissions of a person who is in 50 groups
// of 200; each group says half of them. Allocations are those of 100 people.
func BenchmarkEffectiveSet(b *testing.B) {
	resolver, u := userInManyGroups()
	ids := make([]string, 0, len(resolver.registry.permissions))
	for _, p := range resolver.registry.permissions {
		ids = append(ids, p.ID)
	}
	require.True(b, resolveAll(resolver.For(u), resolver, ids))
	b.ReportAllocs()
	// The median of bundles is that of an undisturbed processor.
	const bundle = 100
	var durations []time.Duration
	for b.Loop() {
		start := time.Now()
		for range bundle {
			resolveAll(resolver.For(u), resolver, ids)
		}
		durations = append(durations, time.Since(start))
	}
	slices.Sort(durations)
	b.ReportMetric(0, "ns/op") // of a bundle it says nothing
	b.ReportMetric(float64(durations[len(durations)/2].Nanoseconds())/bundle, "ns/user")
}

// resolveAll asks for each permission, by its ID, as a product does.
func resolveAll(e *EffectiveSet, resolver *Resolver, ids []string) bool {
	found := false
	for i, id := range ids {
		if resolver.registry.permissions[i].Kind == KindBool {
			found = e.Enabled(id) || found
		} else {
			found = e.Contains(id, "2099") || found
		}
	}
	return found
}

// BenchmarkResolver creates a resolver over 200 groups.
func BenchmarkResolver(b *testing.B) {
	groups, _ := manyGroups()
	r := NewRegistry(nil)
	b.ReportAllocs()
	for b.Loop() {
		NewResolver(r, groups)
	}
}

func userInManyGroups() (*Resolver, Subject) {
	groups, member := manyGroups()
	u := Subject{
		DefaultExtension: "1001", LinkedExtensions: []string{"1002", "1003"}, Groups: member,
		Permissions: Permissions{VoicemailDownload: Off(), HistoryExtensions: Append("1004")},
	}
	return NewResolver(NewRegistry(nil), groups), u
}

// manyGroups returns 200 groups in the order in which they count, and the names
// of 50 of them.
func manyGroups() (groups []GroupGrants, names []string) {
	registry := NewRegistry(nil)
	for i := range 200 {
		g := GroupGrants{Name: fmt.Sprintf("Group %03d of Sales", i), Priority: 1 + i/10, Permissions: Permissions{}}
		for k, p := range registry.permissions {
			switch {
			case (i+k)%2 == 0:
			case p.Kind == KindBool:
				g.Permissions[p.ID] = Value{mode: mode(i / 2 % 2)}
			case i%8 == 0:
				g.Permissions[p.ID] = Set(strconv.Itoa(2000 + i))
			default:
				g.Permissions[p.ID] = Append(strconv.Itoa(2000 + i))
			}
		}
		groups = append(groups, g)
		if i%4 == 0 {
			names = append(names, g.Name)
		}
	}
	return groups, names
}
