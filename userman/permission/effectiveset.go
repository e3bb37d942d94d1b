package permission

import (
	"iter"
	"slices"
)

// EffectiveSet holds the effective permissions of one user. It is a snapshot, and
// does not depend on whether the user is disabled.
//
// The user's own permissions come first, then those of the groups by priority and
// name, then the defaults. The first layer with a value decides a bool permission.
// The first layer with a [Set] decides a list; earlier layers with an [Append] add
// to it.
type EffectiveSet struct {
	resolver         *Resolver
	userGrants       []userGrant
	ranks            []int // of the user's groups, ascending
	defaultExtension string
	linkedExtensions []string
}

// userGrant is a value that the user has for a permission, by its index in the
// registry.
type userGrant struct {
	permission int
	value      Value
}

// Layers other than groups. A group's layer is its rank.
const (
	userLayer    = -2
	defaultLayer = -1
)

// precedence iterates over the layers that set a value of a permission, and
// their values, in the order of precedence.
func (e *EffectiveSet) precedence(permission int) iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if value, ok := e.userValue(permission); ok && !yield(userLayer, value) {
			return
		}
		if grants := e.resolver.grants[permission]; grants != nil {
			for _, rank := range e.ranks {
				if value := grants[rank]; value != nil && !yield(rank, *value) {
					return
				}
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

// Enabled reports whether a bool permission is on. It returns false for a list or
// an unknown permission.
func (e *EffectiveSet) Enabled(permission string) bool {
	i, ok := e.resolver.registry.index[permission]
	if !ok {
		return false
	}
	for _, value := range e.precedence(i) {
		return value.IsOn()
	}
	return false
}

// Contains reports whether a list contains the item or [Any]. In a list of
// extensions [OwnExtension] and [OwnExtensions] match the user's own. Contains
// returns false for a bool permission, an unknown permission and an empty item.
func (e *EffectiveSet) Contains(permission, item string) bool {
	i, ok := e.resolver.registry.index[permission]
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

// valueContains reports whether a value in canonical form contains the item.
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

// splitKeywords splits a canonical list into keywords and other items.
func splitKeywords(list []string) (keywords, items []string) {
	n := 0
	for n < len(list) && keywordRank(list[n]) <= keywordRank(Any) {
		n++
	}
	return list[:n], list[n:]
}

// Values returns the items of a list, sorted, with [OwnExtension] and
// [OwnExtensions] resolved. If the list contains [Any], all is true and items is
// empty. Values returns no items for a bool permission or an unknown permission.
func (e *EffectiveSet) Values(permission string) (items []string, all bool) {
	i, ok := e.resolver.registry.index[permission]
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

// Format returns the effective value of a permission in the form of
// [Value.String], with [OwnExtension] and [OwnExtensions] resolved. It returns ""
// for an unknown permission.
func (e *EffectiveSet) Format(permission string) string {
	i, ok := e.resolver.registry.index[permission]
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
