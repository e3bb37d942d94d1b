package userman

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkEffective resolves all permissions of a person who is in 50 groups
// of 200; each group says half of them. Allocations are those of 100 people.
func BenchmarkEffective(b *testing.B) {
	policies, u := personOfManyGroups()
	ids := make([]string, 0, len(policies.registry.ordered))
	for _, p := range policies.registry.ordered {
		ids = append(ids, p.ID)
	}
	require.True(b, resolveAll(policies.Of(u), policies, ids))
	b.ReportAllocs()
	// The median of bundles is that of an undisturbed processor.
	const bundle = 100
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		for range bundle {
			resolveAll(policies.Of(u), policies, ids)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op") // of a bundle it says nothing
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/bundle, "ns/person")
}

// resolveAll asks for each permission, by its ID, as a product does.
func resolveAll(e *Effective, policies *Policies, ids []string) bool {
	found := false
	for i, id := range ids {
		if policies.registry.ordered[i].Kind == Switch {
			found = e.Can(id) || found
		} else {
			found = e.Allows(id, "2099") || found
		}
	}
	return found
}

// BenchmarkPolicies makes policies of 200 groups.
func BenchmarkPolicies(b *testing.B) {
	groups, _ := manyGroups()
	r := newRegistry(nil)
	b.ReportAllocs()
	for b.Loop() {
		newPolicies(r, groups, 1)
	}
}

func personOfManyGroups() (*Policies, *User) {
	groups, member := manyGroups()
	u := &User{
		DefaultExtension: "1001", LinkedExtensions: []string{"1002", "1003"}, Groups: member,
		Permissions: Permissions{VoicemailDownload: Off(), HistoryExtensions: Extend("1004")},
	}
	return newPolicies(newRegistry(nil), groups, 1), u
}

// manyGroups returns 200 groups in the order in which they count, and the names
// of 50 of them.
func manyGroups() (groups []*Group, names []string) {
	registry := newRegistry(nil)
	for i := range 200 {
		g := &Group{Name: fmt.Sprintf("Group %03d of Sales", i), Priority: 1 + i/10, Permissions: Permissions{}}
		for k, p := range registry.ordered {
			switch {
			case (i+k)%2 == 0:
			case p.Kind == Switch:
				g.Permissions[p.ID] = Value{mode: mode(i / 2 % 2)}
			case i%8 == 0:
				g.Permissions[p.ID] = Replace(strconv.Itoa(2000 + i))
			default:
				g.Permissions[p.ID] = Extend(strconv.Itoa(2000 + i))
			}
		}
		groups = append(groups, g)
		if i%4 == 0 {
			names = append(names, g.Name)
		}
	}
	return groups, names
}
