package ampusers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

const (
	// maxListed bounds a list of sections before it is looked at.
	maxListed = 1000
	// maxText bounds, in bytes, what is worth to be normalised: more than the
	// longest field holds.
	maxText = 4 * MaxDisplayNameLength
)

// teamPattern is what a team may be called, "" being the default one.
var teamPattern = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$`)

// newValidator returns the rules of the fields of an Administrator that a
// struct tag can say.
func newValidator() *validate.Validator {
	return validate.New(validate.Rule{Tag: "username", Holds: loginname.Valid, Message: loginname.Rule})
}

// cleaned brings what people write into the form in which it is kept, and
// leaves lists as they are, so that [Service.check] can tell positions.
func cleaned(a *Administrator) *Administrator {
	if a.Access == "" {
		a.Access = Limited
	}
	if len(a.Username) <= maxText {
		a.Username = loginname.Normalise(a.Username)
	}
	if len(a.DisplayName) <= maxText {
		a.DisplayName = norm.NFC.String(strings.TrimSpace(a.DisplayName))
	}
	return a
}

// sorted brings the lists of a into the form in which they are kept.
func sorted(a *Administrator) *Administrator {
	a.Sections, a.Teams = set(a.Sections), set(a.Teams)
	return a
}

// set returns the words sorted and without repetitions; empty rather than nil,
// so that JSON has [] for them.
func set(words []string) []string {
	words = append([]string{}, words...)
	slices.Sort(words)
	return slices.Compact(words)
}

// check returns everything that is wrong with a, in the order of its fields.
// Positions in lists are those that were submitted: sort them afterwards.
// known are sections that it had before, which the product may have dropped.
func (s *Service) check(a *Administrator, known []string) []store.FieldError {
	refused := s.rules.Struct(a)
	if a.Access == Full {
		return append(refused, a.narrowed()...)
	}
	refused = append(refused, s.checkSections(a.Sections, known)...)
	for i, team := range a.Teams[:min(len(a.Teams), MaxTeams)] {
		if !teamPattern.MatchString(team) {
			refused = append(refused, store.FieldError{
				Field: fmt.Sprintf("teams[%d]", i), Code: "team",
				Message: "use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit; nothing stands for the default team",
			})
		}
	}
	return refused
}

func (s *Service) checkSections(sections, known []string) []store.FieldError {
	if len(sections) > maxListed {
		return []store.FieldError{{Field: "sections", Code: "max", Message: fmt.Sprintf("at most %d entries are allowed", maxListed)}}
	}
	var refused []store.FieldError
	for i, section := range sections {
		if !s.knows(section) && !slices.Contains(known, section) {
			refused = append(refused, store.FieldError{
				Field: fmt.Sprintf("sections[%d]", i), Code: "unknown", Message: "there is no such section; choose from the list of sections",
			})
		}
	}
	return refused
}

// narrowed refuses what a Full administrator cannot have.
func (a *Administrator) narrowed() []store.FieldError {
	var refused []store.FieldError
	for _, field := range []struct {
		name  string
		blank bool
	}{
		{"sections", len(a.Sections) == 0},
		{"extensions", a.Extensions.IsBlank()},
		{"dids", a.DIDs.IsBlank()},
		{"teams", len(a.Teams) == 0},
	} {
		if !field.blank {
			refused = append(refused, store.FieldError{
				Field: field.name, Code: "full", Message: "a Full administrator is not narrowed; choose limited, or leave this empty",
			})
		}
	}
	return refused
}
