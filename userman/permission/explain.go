package permission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Layer is the origin of a grant.
type Layer string

// The layers, in the order of their precedence.
const (
	LayerUser    Layer = "user"
	LayerGroup   Layer = "group"
	LayerDefault Layer = "default"
)

// Grant is a value that one layer sets.
type Grant struct {
	Layer Layer `json:"layer"`
	// Group is the name of the group if Layer is LayerGroup.
	Group string `json:"group,omitempty"`
	Value Value  `json:"value"`
	// Applied reports whether the grant is part of the effective value. It is
	// not if an earlier grant overrides it.
	Applied bool `json:"applied"`
}

// Explanation is the effective value of a permission and its reasons.
type Explanation struct {
	Permission Permission `json:"permission"`
	// On is the effective value of a bool permission.
	On bool `json:"enabled"`
	// Items and All are the effective value of a list, with keywords resolved.
	Items []string `json:"items"`
	All   bool     `json:"all"`
	// Grants are all grants in the order of precedence. The default is last.
	Grants []Grant `json:"grants"`
	// Summary is the explanation in one sentence, such as "On, because the group
	// Sales sets it; it is off by default."
	Summary string `json:"summary"`
}

// Explain returns the effective value of a permission and its reasons. It returns
// a [store.InvalidError] on "permission" if the ID is unknown.
func (e *EffectiveSet) Explain(permission string) (*Explanation, error) {
	i, ok := e.resolver.registry.index[permission]
	if !ok {
		return nil, store.NewInvalidError(store.FieldError{
			Field: "permission", Code: store.CodeUnknown, Message: "there is no such permission; choose from the list of permissions",
		})
	}
	return e.explain(i), nil
}

// ExplainAll explains every permission, in the order of the registry.
func (e *EffectiveSet) ExplainAll() []*Explanation {
	all := make([]*Explanation, len(e.resolver.registry.permissions))
	for i := range all {
		all[i] = e.explain(i)
	}
	return all
}

// ExplainEach returns the explanations of these permissions, like [EffectiveSet.Explain],
// or of all without IDs.
func (e *EffectiveSet) ExplainEach(permissions ...string) ([]*Explanation, error) {
	if len(permissions) == 0 {
		return e.ExplainAll(), nil
	}
	explained := make([]*Explanation, len(permissions))
	for i, permission := range permissions {
		var err error
		if explained[i], err = e.Explain(permission); err != nil {
			return nil, err
		}
	}
	return explained, nil
}

func (e *EffectiveSet) explain(permission int) *Explanation {
	x := &Explanation{Permission: e.resolver.registry.permissions[permission], Items: []string{}}
	decided := false
	for layer, value := range e.precedence(permission) {
		grant := Grant{Layer: LayerGroup, Value: value, Applied: !decided}
		switch layer {
		case userLayer:
			grant.Layer = LayerUser
		case defaultLayer:
			grant.Layer = LayerDefault
		default:
			grant.Group = e.resolver.groups[layer]
		}
		x.Grants = append(x.Grants, grant)
		decided = decided || !value.IsAppend()
	}
	if x.Permission.Kind == KindBool {
		x.On = x.Grants[0].Value.IsOn()
	} else {
		x.Items, x.All = e.values(permission)
	}
	x.Summary = x.summary()
	return x
}

// summary returns the text of [Explanation].Summary.
func (x *Explanation) summary() string {
	last := x.Grants[len(x.Grants)-1]
	reasons := []string{}
	for _, grant := range x.Grants[:len(x.Grants)-1] {
		if grant.Applied {
			reasons = append(reasons, x.grantClause(grant))
		}
	}
	if len(reasons) == 0 {
		return fmt.Sprintf("%s (default%s).", x.effectiveText(), x.defaultNote(last))
	}
	defaultText := x.defaultClause(last)
	if last.Applied {
		reasons = append(reasons, defaultText)
		return fmt.Sprintf("%s, because %s.", x.effectiveText(), joinClauses(reasons))
	}
	return fmt.Sprintf("%s, because %s; %s.", x.effectiveText(), joinClauses(reasons), defaultText)
}

// effectiveText returns the effective value, the start of the summary.
func (x *Explanation) effectiveText() string {
	switch {
	case x.Permission.Kind == KindBool && x.On:
		return "On"
	case x.Permission.Kind == KindBool:
		return "Off"
	case x.All:
		return "Everything"
	case len(x.Items) == 0:
		return "Nothing"
	}
	return abbreviate(x.Items)
}

// defaultNote says where the items of a default come from, unless the effective
// value says it.
func (x *Explanation) defaultNote(s Grant) string {
	if !s.Value.IsList() || len(s.Value.items) == 0 || x.All {
		return ""
	}
	return ": " + x.describeItems(s)
}

// defaultClause describes the default.
func (x *Explanation) defaultClause(s Grant) string {
	switch {
	case !s.Value.IsList():
		return "it is " + s.Value.String() + " by default"
	case len(s.Value.items) == 0:
		return "by default it is nothing"
	}
	return "by default it is " + x.describeItems(s)
}

// grantClause describes the grant of a user or a group.
func (x *Explanation) grantClause(s Grant) string {
	who := "the group " + s.Group
	if s.Layer == LayerUser {
		who = "the setting of the user"
	}
	switch {
	case !s.Value.IsList():
		return who + " sets it"
	case s.Value.IsAppend():
		return who + " adds " + x.describeItems(s)
	case len(s.Value.items) == 0:
		return who + " gives none"
	}
	return who + " gives " + x.describeItems(s)
}

// describeItems lists the first items of a grant and describes its keywords. It
// says so if the keywords resolve to no extension.
func (x *Explanation) describeItems(s Grant) string {
	keywords, items := splitKeywords(s.Value.items)
	if slices.Contains(keywords, Any) {
		return map[Kind]string{KindExtensions: "all extensions", KindNumbers: "all numbers", KindStrings: "everything"}[x.Permission.Kind]
	}
	nothing := s.Applied && len(x.Items) == 0 && !x.All
	named := []string{}
	for _, keyword := range keywords {
		switch {
		case keyword == OwnExtension && nothing:
			keyword = "the user's own extension, of which there is none"
		case keyword == OwnExtension:
			keyword = "the user's own extension"
		case nothing:
			keyword = "all extensions of the user, of which there are none"
		default:
			keyword = "all extensions of the user"
		}
		named = append(named, keyword)
	}
	return abbreviate(append(named, items...))
}

// abbreviate joins the first few items.
func abbreviate(items []string) string {
	const most = 5
	if len(items) <= most+1 {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// joinClauses joins the parts of a sentence and shortens a long list of them.
func joinClauses(parts []string) string {
	const most = 5
	if n := len(parts); n > most+1 {
		parts = append(slices.Clip(parts[:most-1]), fmt.Sprintf("%d others add to it", n-most), parts[n-1])
	}
	last := len(parts) - 1
	if last == 0 {
		return parts[0]
	}
	return strings.Join(parts[:last], ", ") + ", and " + parts[last]
}
