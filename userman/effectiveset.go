package userman

import (
	"context"
	"iter"
	"slices"
)

// EffectiveSet is what a person may do: for each permission what the person, the
// groups and the default come to. That the person is disabled does not matter
// here. It is as of when it was made, and never changes.
//
// What is said of the person goes first, then what the groups say, by priority
// and name, then the default. Of a Switch the first who says something has the
// last word. Of a list it is the first who says [Set]; those before, who
// say [Append], add to it.
type EffectiveSet struct {
	resolver *Resolver
	// userGrants is what is said of the person, groups are the ranks of the person's
	// groups; each is in the room for it when it fits, which saves the time to
	// find memory for it.
	userGrants       []userGrant
	groups           rankSet
	defaultExtension string
	linkedExtensions []string
	userGrantsBuf    [4]userGrant
	groupsBuf        [MaxGroups/wordBits + 1]uint64
}

// userGrant is what is said of a person, by the place of the permission in the
// registry.
type userGrant struct {
	permission int
	value      Value
}

// For returns what u may do. Groups that there are no more count for nothing.
func (p *Resolver) For(u *User) *EffectiveSet {
	e := &EffectiveSet{resolver: p, defaultExtension: u.DefaultExtension, linkedExtensions: slices.Clone(u.LinkedExtensions)}
	if words := rankWords(len(p.groups)); words <= len(e.groupsBuf) {
		e.groups = e.groupsBuf[:words]
	} else {
		e.groups = newRankSet(len(p.groups))
	}
	for _, name := range u.Groups {
		if rank, ok := p.rank(name); ok {
			e.groups.add(rank)
		}
	}
	if len(u.Permissions) > 0 {
		e.userGrants = e.userGrantsBuf[:0]
		for id, value := range u.Permissions {
			if i, ok := p.registry.applies(id, value); ok {
				e.userGrants = append(e.userGrants, userGrant{i, value.canonical()})
			}
		}
	}
	return e
}

// EffectivePermissions loads the person and the groups and returns what the person may do.
func (s *Service) EffectivePermissions(ctx context.Context, username string) (*EffectiveSet, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	resolver, err := s.PermissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	return resolver.For(u), nil
}

// Layers that are no group: those are named by their rank.
const (
	userLayer    = -2
	defaultLayer = -1
)

// precedence are all who say something about a permission, in the order in which
// they count.
func (e *EffectiveSet) precedence(permission int) iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if value, ok := e.userValue(permission); ok && !yield(userLayer, value) {
			return
		}
		grants := &e.resolver.grants[permission]
		for rank := grants.groups.next(e.groups, 0); rank >= 0; rank = grants.groups.next(e.groups, rank+1) {
			if !yield(rank, grants.values[rank]) {
				return
			}
		}
		yield(defaultLayer, e.resolver.registry.permissions[permission].Default)
	}
}

func (e *EffectiveSet) userValue(permission int) (Value, bool) {
	for i := range e.userGrants {
		if e.userGrants[i].permission == permission {
			return e.userGrants[i].value, true
		}
	}
	return Value{}, false
}

// Enabled reports whether a Switch is on. Of an unknown permission, or a list, it
// is false.
func (e *EffectiveSet) Enabled(permission string) bool {
	i, ok := e.resolver.registry.index.find(permission)
	if !ok {
		return false
	}
	for _, value := range e.precedence(i) {
		return value.IsOn()
	}
	return false
}

// Contains reports whether a list holds the item, or All. Of an unknown
// permission, or a Switch, it is false. For Extensions, Self and Linked stand
// for the person's own. No list holds an empty item.
func (e *EffectiveSet) Contains(permission, item string) bool {
	i, ok := e.resolver.registry.index.find(permission)
	if !ok || item == "" {
		return false
	}
	for _, value := range e.precedence(i) {
		if e.valueContains(value, item) {
			return true
		}
		if !value.IsAppend() {
			break
		}
	}
	return false
}

// valueContains reports whether a value in canonical form holds the item.
func (e *EffectiveSet) valueContains(value Value, item string) bool {
	keywords, items := splitKeywords(value.items)
	for _, keyword := range keywords {
		switch {
		case keyword == Any,
			item == e.defaultExtension,
			keyword == OwnExtensions && slices.Contains(e.linkedExtensions, item):
			return true
		}
	}
	_, found := slices.BinarySearch(items, item)
	return found
}

// splitKeywords cuts a canonical list behind its words.
func splitKeywords(list []string) (keywords, items []string) {
	n := 0
	for n < len(list) && keywordRank(list[n]) <= keywordRank(Any) {
		n++
	}
	return list[:n], list[n:]
}

// Values returns what a list holds, sorted, with Self and Linked resolved; all
// says that it holds everything: then items is empty. Of an unknown permission,
// or a Switch, it holds nothing.
func (e *EffectiveSet) Values(permission string) (items []string, all bool) {
	i, ok := e.resolver.registry.index.find(permission)
	if !ok {
		return []string{}, false
	}
	return e.values(i)
}

func (e *EffectiveSet) values(permission int) (items []string, all bool) {
	items = []string{}
	for _, value := range e.precedence(permission) {
		keywords, rest := splitKeywords(value.items)
		if slices.Contains(keywords, Any) {
			return []string{}, true
		}
		if len(keywords) > 0 && e.defaultExtension != "" {
			items = append(items, e.defaultExtension)
		}
		if slices.Contains(keywords, OwnExtensions) {
			items = append(items, e.linkedExtensions...)
		}
		items = append(items, rest...)
		if !value.IsAppend() {
			break
		}
	}
	slices.Sort(items)
	return slices.Compact(items), false
}

// Format returns the effective value of a permission in words, as
// [Value.String] does: that of a list with Self and Linked resolved. It is empty
// of an unknown permission.
func (e *EffectiveSet) Format(permission string) string {
	i, ok := e.resolver.registry.index.find(permission)
	switch {
	case !ok:
		return ""
	case e.resolver.registry.permissions[i].Kind != KindBool:
		return e.formatList(i)
	case e.Enabled(permission):
		return On().String()
	}
	return Off().String()
}

func (e *EffectiveSet) formatList(permission int) string {
	items, all := e.values(permission)
	if all {
		return Any
	}
	return Set(items...).String()
}
