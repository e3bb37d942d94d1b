package userman

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Layer says who said something about a permission.
type Layer string

// The origins.
const (
	LayerUser    Layer = "user"
	LayerGroup   Layer = "group"
	LayerDefault Layer = "default"
)

// Grant is somebody who said something, and what.
type Grant struct {
	Layer Layer `json:"origin"`
	// Group is the group's name, when it is one.
	Group string `json:"group,omitempty"`
	Value Value  `json:"value"`
	// Applied says that it is part of the effective value; others were said,
	// but somebody before them had the last word.
	Applied bool `json:"counts"`
}

// Explanation tells what a permission comes to, and why.
type Explanation struct {
	Permission Permission `json:"permission"`
	// On is the effective value of a Switch.
	On bool `json:"on"`
	// Items and All are the effective value of a list, resolved.
	Items []string `json:"items"`
	All   bool     `json:"all"`
	// Grants are all who said something, in the order in which they count;
	// the default is the last one.
	Grants []Grant `json:"sources"`
	// Summary says it to people: "On, because the group Sales says so; it is
	// off by default." or "1001, because nobody says anything about it, and by
	// default it is the person's own extension."
	Summary string `json:"sentence"`
}

// Explain tells what a permission comes to, and why. A [store.InvalidError] on
// "permission" when there is none of that ID.
func (e *EffectiveSet) Explain(permission string) (*Explanation, error) {
	i, ok := e.resolver.registry.index.find(permission)
	if !ok {
		return nil, store.NewInvalidError(store.FieldError{
			Field: "permission", Code: "unknown", Message: "there is no such permission; choose from the list of permissions",
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

// summary says what a permission comes to, why, and what the default is.
func (x *Explanation) summary() string {
	last := x.Grants[len(x.Grants)-1]
	defaultText := x.defaultClause(last)
	reasons := []string{}
	for _, grant := range x.Grants[:len(x.Grants)-1] {
		if grant.Applied {
			reasons = append(reasons, x.grantClause(grant))
		}
	}
	switch {
	case len(reasons) == 0:
		return fmt.Sprintf("%s, because nobody says anything about it, and %s.", x.effectiveText(), defaultText)
	case last.Applied:
		reasons = append(reasons, defaultText)
		return fmt.Sprintf("%s, because %s.", x.effectiveText(), joinClauses(reasons))
	}
	return fmt.Sprintf("%s, because %s; %s.", x.effectiveText(), joinClauses(reasons), defaultText)
}

// effectiveText begins the sentence.
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

// defaultClause says what the default is.
func (x *Explanation) defaultClause(s Grant) string {
	switch {
	case !s.Value.IsList():
		return "it is " + s.Value.String() + " by default"
	case len(s.Value.items) == 0:
		return "by default it is nothing"
	}
	return "by default it is " + x.describeItems(s)
}

// grantClause says who said what.
func (x *Explanation) grantClause(s Grant) string {
	who := "the group " + s.Group
	if s.Layer == LayerUser {
		who = "what is set for this person"
	}
	switch {
	case !s.Value.IsList():
		return who + " says so"
	case s.Value.IsAppend():
		return who + " adds " + x.describeItems(s)
	case len(s.Value.items) == 0:
		return who + " gives none"
	}
	return who + " gives " + x.describeItems(s)
}

// describeItems names what is in a list, shortened, and says what its words mean to
// people. Where all that counts comes to nothing the words stand for nothing.
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
			keyword = "the person's own extension, of which there is none"
		case keyword == OwnExtension:
			keyword = "the person's own extension"
		case nothing:
			keyword = "all extensions of the person, of which there are none"
		default:
			keyword = "all extensions of the person"
		}
		named = append(named, keyword)
	}
	return abbreviate(append(named, items...))
}

// abbreviate names the first few of many.
func abbreviate(items []string) string {
	const most = 5
	if len(items) <= most+1 {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// joinClauses joins the parts of a sentence; who adds to a list may be many.
func joinClauses(parts []string) string {
	const most = 5
	if n := len(parts); n > most {
		parts = append(parts[:most-1:most-1], fmt.Sprintf("%d others add to it", n-most), parts[n-1])
	}
	last := len(parts) - 1
	if last == 0 {
		return parts[0]
	}
	return strings.Join(parts[:last], ", ") + ", and " + parts[last]
}
