package userman

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Origin says who said something about a permission.
type Origin string

// The origins.
const (
	FromUser    Origin = "user"
	FromGroup   Origin = "group"
	FromDefault Origin = "default"
)

// Source is somebody who said something, and what.
type Source struct {
	Origin Origin `json:"origin"`
	// Group is the group's name, when it is one.
	Group string `json:"group,omitempty"`
	Value Value  `json:"value"`
	// Counts says that it is part of the effective value; others were said,
	// but somebody before them had the last word.
	Counts bool `json:"counts"`
}

// Explanation tells what a permission comes to, and why.
type Explanation struct {
	Permission Permission `json:"permission"`
	// On is the effective value of a Switch.
	On bool `json:"on"`
	// Items and All are the effective value of a list, resolved.
	Items []string `json:"items"`
	All   bool     `json:"all"`
	// Sources are all who said something, in the order in which they count;
	// the default is the last one.
	Sources []Source `json:"sources"`
	// Sentence says it to people: "On, because the group Sales says so; it is
	// off by default." or "1001, because nobody says anything about it, and by
	// default it is the person's own extension."
	Sentence string `json:"sentence"`
}

// Explain tells what a permission comes to, and why. A [store.InvalidError] on
// "permission" when there is none of that ID.
func (e *Effective) Explain(permission string) (*Explanation, error) {
	i, ok := e.policies.registry.index.find(permission)
	if !ok {
		return nil, store.Invalid(store.FieldError{
			Field: "permission", Code: "unknown", Message: "there is no such permission; choose from the list of permissions",
		})
	}
	return e.explain(i), nil
}

// ExplainAll explains every permission, in the order of the registry.
func (e *Effective) ExplainAll() []*Explanation {
	all := make([]*Explanation, len(e.policies.registry.ordered))
	for i := range all {
		all[i] = e.explain(i)
	}
	return all
}

func (e *Effective) explain(permission int) *Explanation {
	x := &Explanation{Permission: e.policies.registry.ordered[permission], Items: []string{}}
	decided := false
	for layer, value := range e.layers(permission) {
		source := Source{Origin: FromGroup, Value: value, Counts: !decided}
		switch layer {
		case ownLayer:
			source.Origin = FromUser
		case defaultLayer:
			source.Origin = FromDefault
		default:
			source.Group = e.policies.groups[layer]
		}
		x.Sources = append(x.Sources, source)
		decided = decided || !value.Extends()
	}
	if x.Permission.Kind == Switch {
		x.On = x.Sources[0].Value.IsOn()
	} else {
		x.Items, x.All = e.items(permission)
	}
	x.Sentence = x.sentence()
	return x
}

// sentence says what a permission comes to, why, and what the default is.
func (x *Explanation) sentence() string {
	last := x.Sources[len(x.Sources)-1]
	byDefault := x.byDefault(last)
	reasons := []string{}
	for _, source := range x.Sources[:len(x.Sources)-1] {
		if source.Counts {
			reasons = append(reasons, x.reason(source))
		}
	}
	switch {
	case len(reasons) == 0:
		return fmt.Sprintf("%s, because nobody says anything about it, and %s.", x.outcome(), byDefault)
	case last.Counts:
		reasons = append(reasons, byDefault)
		return fmt.Sprintf("%s, because %s.", x.outcome(), enumerated(reasons))
	}
	return fmt.Sprintf("%s, because %s; %s.", x.outcome(), enumerated(reasons), byDefault)
}

// outcome begins the sentence.
func (x *Explanation) outcome() string {
	switch {
	case x.Permission.Kind == Switch && x.On:
		return "On"
	case x.Permission.Kind == Switch:
		return "Off"
	case x.All:
		return "Everything"
	case len(x.Items) == 0:
		return "Nothing"
	}
	return firstFew(x.Items)
}

// byDefault says what the default is.
func (x *Explanation) byDefault(s Source) string {
	switch {
	case !s.Value.IsList():
		return "it is " + s.Value.String() + " by default"
	case len(s.Value.items) == 0:
		return "by default it is nothing"
	}
	return "by default it is " + x.inWords(s)
}

// reason says who said what.
func (x *Explanation) reason(s Source) string {
	who := "the group " + s.Group
	if s.Origin == FromUser {
		who = "what is set for this person"
	}
	switch {
	case !s.Value.IsList():
		return who + " says so"
	case s.Value.Extends():
		return who + " adds " + x.inWords(s)
	case len(s.Value.items) == 0:
		return who + " gives none"
	}
	return who + " gives " + x.inWords(s)
}

// inWords names what is in a list, shortened, and says what its words mean to
// people. Where all that counts comes to nothing the words stand for nothing.
func (x *Explanation) inWords(s Source) string {
	words, items := cutWords(s.Value.items)
	if slices.Contains(words, All) {
		return map[Kind]string{Extensions: "all extensions", Numbers: "all numbers", Names: "everything"}[x.Permission.Kind]
	}
	nothing := s.Counts && len(x.Items) == 0 && !x.All
	named := []string{}
	for _, word := range words {
		switch {
		case word == Self && nothing:
			word = "the person's own extension, of which there is none"
		case word == Self:
			word = "the person's own extension"
		case nothing:
			word = "all extensions of the person, of which there are none"
		default:
			word = "all extensions of the person"
		}
		named = append(named, word)
	}
	return firstFew(append(named, items...))
}

// firstFew names the first few of many.
func firstFew(items []string) string {
	const most = 5
	if len(items) <= most+1 {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// enumerated joins the parts of a sentence; who adds to a list may be many.
func enumerated(parts []string) string {
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
