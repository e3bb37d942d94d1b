package userman

import (
	"context"
	"iter"
	"slices"
)

// Effective is what a person may do: for each permission what the person, the
// groups and the default come to. That the person is disabled does not matter
// here. It is as of when it was made, and never changes.
//
// What is said of the person goes first, then what the groups say, by priority
// and name, then the default. Of a Switch the first who says something has the
// last word. Of a list it is the first who says [Replace]; those before, who
// say [Extend], add to it.
type Effective struct {
	policies *Policies
	// own is what is said of the person, groups are the ranks of the person's
	// groups; each is in the room for it when it fits, which saves the time to
	// find memory for it.
	own              []ownValue
	groups           rankSet
	defaultExtension string
	linked           []string
	roomForOwn       [4]ownValue
	roomForGroups    [MaxGroups/wordBits + 1]uint64
}

// ownValue is what is said of a person, by the place of the permission in the
// registry.
type ownValue struct {
	permission int
	value      Value
}

// Of returns what u may do. Groups that there are no more count for nothing.
func (p *Policies) Of(u *User) *Effective {
	e := &Effective{policies: p, defaultExtension: u.DefaultExtension, linked: slices.Clone(u.LinkedExtensions)}
	if words := rankWords(len(p.groups)); words <= len(e.roomForGroups) {
		e.groups = e.roomForGroups[:words]
	} else {
		e.groups = newRankSet(len(p.groups))
	}
	for _, name := range u.Groups {
		if rank, ok := p.rank(name); ok {
			e.groups.add(rank)
		}
	}
	if len(u.Permissions) > 0 {
		e.own = e.roomForOwn[:0]
		for id, value := range u.Permissions {
			if i, ok := p.registry.takes(id, value); ok {
				e.own = append(e.own, ownValue{i, value.sorted()})
			}
		}
	}
	return e
}

// Effective loads the person and the groups and returns what the person may do.
func (s *Service) Effective(ctx context.Context, username string) (*Effective, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	policies, err := s.Policies(ctx)
	if err != nil {
		return nil, err
	}
	return policies.Of(u), nil
}

// Layers that are no group: those are named by their rank.
const (
	ownLayer     = -2
	defaultLayer = -1
)

// layers are all who say something about a permission, in the order in which
// they count.
func (e *Effective) layers(permission int) iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if value, ok := e.ownValue(permission); ok && !yield(ownLayer, value) {
			return
		}
		said := &e.policies.said[permission]
		for rank := said.groups.next(e.groups, 0); rank >= 0; rank = said.groups.next(e.groups, rank+1) {
			if !yield(rank, said.values[rank]) {
				return
			}
		}
		yield(defaultLayer, e.policies.registry.ordered[permission].Default)
	}
}

func (e *Effective) ownValue(permission int) (Value, bool) {
	for i := range e.own {
		if e.own[i].permission == permission {
			return e.own[i].value, true
		}
	}
	return Value{}, false
}

// Can reports whether a Switch is on. Of an unknown permission, or a list, it
// is false.
func (e *Effective) Can(permission string) bool {
	i, ok := e.policies.registry.index.find(permission)
	if !ok {
		return false
	}
	for _, value := range e.layers(i) {
		return value.IsOn()
	}
	return false
}

// Allows reports whether a list holds the item, or All. Of an unknown
// permission, or a Switch, it is false. For Extensions, Self and Linked stand
// for the person's own. No list holds an empty item.
func (e *Effective) Allows(permission, item string) bool {
	i, ok := e.policies.registry.index.find(permission)
	if !ok || item == "" {
		return false
	}
	for _, value := range e.layers(i) {
		if e.listHolds(value, item) {
			return true
		}
		if !value.Extends() {
			break
		}
	}
	return false
}

// listHolds reports whether a value in canonical form holds the item.
func (e *Effective) listHolds(value Value, item string) bool {
	words, items := cutWords(value.items)
	for _, word := range words {
		switch {
		case word == All,
			item == e.defaultExtension,
			word == Linked && slices.Contains(e.linked, item):
			return true
		}
	}
	_, found := slices.BinarySearch(items, item)
	return found
}

// cutWords cuts a canonical list behind its words.
func cutWords(list []string) (words, items []string) {
	n := 0
	for n < len(list) && wordRank(list[n]) <= wordRank(All) {
		n++
	}
	return list[:n], list[n:]
}

// Items returns what a list holds, sorted, with Self and Linked resolved; all
// says that it holds everything: then items is empty. Of an unknown permission,
// or a Switch, it holds nothing.
func (e *Effective) Items(permission string) (items []string, all bool) {
	i, ok := e.policies.registry.index.find(permission)
	if !ok {
		return []string{}, false
	}
	return e.items(i)
}

func (e *Effective) items(permission int) (items []string, all bool) {
	items = []string{}
	for _, value := range e.layers(permission) {
		words, further := cutWords(value.items)
		if slices.Contains(words, All) {
			return []string{}, true
		}
		if len(words) > 0 && e.defaultExtension != "" {
			items = append(items, e.defaultExtension)
		}
		if slices.Contains(words, Linked) {
			items = append(items, e.linked...)
		}
		items = append(items, further...)
		if !value.Extends() {
			break
		}
	}
	slices.Sort(items)
	return slices.Compact(items), false
}

// Words returns the effective value of a permission in words, as
// [Value.String] does: that of a list with Self and Linked resolved. It is empty
// of an unknown permission.
func (e *Effective) Words(permission string) string {
	i, ok := e.policies.registry.index.find(permission)
	switch {
	case !ok:
		return ""
	case e.policies.registry.ordered[i].Kind != Switch:
		return e.listString(i)
	case e.Can(permission):
		return On().String()
	}
	return Off().String()
}

func (e *Effective) listString(permission int) string {
	items, all := e.items(permission)
	if all {
		return All
	}
	return Replace(items...).String()
}
