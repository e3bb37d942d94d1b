package userman

import (
	"context"
	"math/bits"
	"sync/atomic"
)

// Resolver are all groups, loaded and ready to tell what people may do. They
// never change; load them again to see changes.
type Resolver struct {
	registry *registry
	revision int64
	// groups are the names of the groups, in the order in which they count;
	// ranks finds the places of names in it, and folded those of folded names.
	groups []string
	ranks  nameTable
	folded nameTable
	// grants is what groups say of each permission of the registry.
	grants []groupGrants
}

// groupGrants are what groups say of one permission.
type groupGrants struct {
	// groups are the ranks of those that say something, and values what they
	// say, by rank; nil when none does.
	groups rankSet
	values []Value
}

// PermissionResolver loads the groups, in a bounded number of queries however many
// people and groups there are.
func (s *Service) PermissionResolver(ctx context.Context) (*Resolver, error) {
	groups, revision, err := s.store.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	return s.shared.resolvers.get(s.registry, groups, revision), nil
}

// resolverAt returns the policies of that revision of the groups, without
// asking the store when they are at hand.
func (s *Service) resolverAt(ctx context.Context, revision int64) (*Resolver, error) {
	if p := s.shared.resolvers.latest.Load(); p != nil && p.revision == revision {
		return p, nil
	}
	return s.PermissionResolver(ctx)
}

// resolverCache keeps the policies that were asked for last. A revision never
// comes back: what was read in a transaction that is undone is not found again.
type resolverCache struct {
	latest atomic.Pointer[Resolver]
}

func (c *resolverCache) get(r *registry, groups []*Group, revision int64) *Resolver {
	if p := c.latest.Load(); p != nil && p.revision == revision {
		return p
	}
	p := newResolver(r, groups, revision)
	c.latest.Store(p)
	return p
}

// newResolver makes policies of all groups, which are in the order of priority
// and folded name.
func newResolver(r *registry, groups []*Group, revision int64) *Resolver {
	p := &Resolver{
		registry: r, revision: revision,
		groups: make([]string, len(groups)), grants: make([]groupGrants, len(r.permissions)),
	}
	folded := make([]string, len(groups))
	for rank, g := range groups {
		p.groups[rank], folded[rank] = g.Name, FoldGroupName(g.Name)
		for id, value := range g.Permissions {
			if i, ok := r.applies(id, value); ok {
				p.grants[i].add(rank, len(groups), value)
			}
		}
	}
	p.ranks, p.folded = newNameTable(p.groups), newNameTable(folded)
	return p
}

func (s *groupGrants) add(rank, groups int, value Value) {
	if s.values == nil {
		s.groups, s.values = newRankSet(groups), make([]Value, groups)
	}
	s.groups.add(rank)
	s.values[rank] = value.canonical()
}

// rank returns the place of a group; false of one that there is not, such as
// one that was just deleted.
func (p *Resolver) rank(name string) (int, bool) {
	if rank, ok := p.ranks.find(name); ok {
		return rank, true
	}
	return p.folded.find(FoldGroupName(name))
}

// applies returns the place of a permission in the registry; false when there is
// none, or when the value says nothing of it: an Extend without items, or a
// value of another kind, from when the product had another permission of that
// ID.
func (r *registry) applies(id string, value Value) (int, bool) {
	i, ok := r.index.find(id)
	if !ok || value.IsList() == (r.permissions[i].Kind == KindBool) || value.IsAppend() && len(value.items) == 0 {
		return 0, false
	}
	return i, true
}

// rankSet is a set of small numbers.
type rankSet []uint64

const wordBits = 64

// rankWords is the length of a set of numbers below n.
func rankWords(n int) int { return (n + wordBits - 1) / wordBits }

func newRankSet(n int) rankSet { return make(rankSet, rankWords(n)) }

func (s rankSet) add(rank int) { s[rank/wordBits] |= 1 << (rank % wordBits) }

// next returns the least number, from the given one on, that is in both sets; -1 when
// there is none.
func (s rankSet) next(other rankSet, from int) int {
	words := min(len(s), len(other))
	for i := from / wordBits; i < words; i++ {
		common := s[i] & other[i]
		if i == from/wordBits {
			common &= ^uint64(0) << (from % wordBits)
		}
		if common != 0 {
			return i*wordBits + bits.TrailingZeros64(common)
		}
	}
	return -1
}
