package permission

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/internal/username"
)

// Resolver resolves the effective permissions of users from the grants of all
// groups. It is a snapshot: changes of groups do not affect it.
type Resolver struct {
	registry *Registry
	// groups are the names of the groups in the order of precedence. An index
	// in it is the rank of a group.
	groups []string
	// ranks are the ranks of the groups by name, and foldedRanks by folded name.
	ranks       map[string]int
	foldedRanks map[string]int
	// grants are the values of a permission of the registry, by rank; nil where a
	// group sets no value. The list is nil if no group sets one.
	grants [][]*Value
}

// GroupGrants are the permissions of one group.
type GroupGrants struct {
	Name        string
	Priority    int
	Permissions Permissions
}

// Subject is a user whose permissions are resolved.
type Subject struct {
	// Permissions are the user's own; they take precedence over the groups.
	Permissions Permissions
	// Groups are the names of the user's groups. A Resolver ignores names of
	// groups that it does not know.
	Groups           []string
	DefaultExtension string
	LinkedExtensions []string
}

// NewResolver returns a resolver for groups, in any order. A group with a lower
// priority number takes precedence; groups of equal priority are ordered by name
// without regard to case.
func NewResolver(r *Registry, groups []GroupGrants) *Resolver {
	ordered := make([]foldedGroup, len(groups))
	for i, g := range groups {
		ordered[i] = foldedGroup{g, username.Fold(g.Name)}
	}
	slices.SortStableFunc(ordered, foldedGroup.compare)
	p := &Resolver{
		registry: r, groups: make([]string, len(groups)), grants: make([][]*Value, len(r.permissions)),
		ranks: make(map[string]int, len(groups)), foldedRanks: make(map[string]int, len(groups)),
	}
	for rank, g := range ordered {
		p.groups[rank], p.ranks[g.Name], p.foldedRanks[g.folded] = g.Name, rank, rank
		for id, value := range g.Permissions {
			if i, ok := r.applies(id, value); ok {
				p.addGrant(i, rank, value.canonical())
			}
		}
	}
	return p
}

// foldedGroup is a group with its folded name.
type foldedGroup struct {
	GroupGrants

	folded string
}

func (g foldedGroup) compare(other foldedGroup) int {
	return cmp.Or(cmp.Compare(g.Priority, other.Priority), strings.Compare(g.folded, other.folded))
}

func (p *Resolver) addGrant(permission, rank int, value Value) {
	if p.grants[permission] == nil {
		p.grants[permission] = make([]*Value, len(p.groups))
	}
	p.grants[permission][rank] = &value
}

// rank returns the rank of a group. It returns false for an unknown group, such
// as one that was deleted a moment ago.
func (p *Resolver) rank(name string) (int, bool) {
	if rank, ok := p.ranks[name]; ok {
		return rank, true
	}
	rank, ok := p.foldedRanks[username.Fold(name)]
	return rank, ok
}

// For returns the effective permissions of a user.
func (p *Resolver) For(s Subject) *EffectiveSet {
	e := &EffectiveSet{
		resolver: p, defaultExtension: s.DefaultExtension, linkedExtensions: slices.Clone(s.LinkedExtensions),
		ranks: make([]int, 0, len(s.Groups)), userGrants: make([]userGrant, 0, len(s.Permissions)),
	}
	for _, name := range s.Groups {
		if rank, ok := p.rank(name); ok {
			e.ranks = append(e.ranks, rank)
		}
	}
	slices.Sort(e.ranks)
	e.ranks = slices.Compact(e.ranks)
	for id, value := range s.Permissions {
		if i, ok := p.registry.applies(id, value); ok {
			e.userGrants = append(e.userGrants, userGrant{i, value.canonical()})
		}
	}
	return e
}
