package ampusers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

const (
	// maxListEntries bounds a list of sections before it is looked at.
	maxListEntries = 1000
	// maxTextBytes bounds, in bytes, what is worth to be normalised: more than the
	// longest field holds.
	maxTextBytes = 4 * MaxDisplayNameLength
)

// teamPattern is what a team may be called, "" being the default one.
var teamPattern = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$`)

// newValidator returns the rules of the fields of an Administrator that a
// struct tag can say.
func newValidator() *validate.Validator {
	return validate.New(validate.Rule{Tag: store.CodeUsername, Valid: username.Valid, Message: username.InvalidMessage})
}

// normalizeFields brings what people write into the form in which it is kept, and
// leaves lists as they are, so that [Service.validateFields] can tell positions.
func normalizeFields(a *Administrator) *Administrator {
	if a.Access == "" {
		a.Access = Limited
	}
	if len(a.Username) <= maxTextBytes {
		a.Username = username.Normalize(a.Username)
	}
	if len(a.DisplayName) <= maxTextBytes {
		a.DisplayName = norm.NFC.String(strings.TrimSpace(a.DisplayName))
	}
	return a
}

// normalizeLists brings the lists of a into the form in which they are kept.
func normalizeLists(a *Administrator) *Administrator {
	a.Sections, a.Teams = sortedUnique(a.Sections), sortedUnique(a.Teams)
	return a
}

// sortedUnique returns the words sorted and without repetitions; empty rather than nil,
// so that JSON has [] for them.
func sortedUnique(words []string) []string {
	words = append([]string{}, words...)
	slices.Sort(words)
	return slices.Compact(words)
}

// validateFields returns everything that is wrong with a, in the order of its fields.
// Positions in lists are those that were submitted: sort them afterwards.
// known are sections that it had before, which the product may have dropped.
func (s *Service) validateFields(a *Administrator, existing []string) []store.FieldError {
	errs := Fields().Validate(a, s.validator.Var)
	if a.Access == Full {
		return append(errs, a.validateUnrestricted()...)
	}
	errs = append(errs, s.validateSections(a.Sections, existing)...)
	for i, team := range a.Teams[:min(len(a.Teams), MaxTeams)] {
		if !teamPattern.MatchString(team) {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("teams[%d]", i), Code: store.CodeTeam,
				Message: "use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit; nothing stands for the default team",
			})
		}
	}
	return errs
}

func (s *Service) validateSections(sections, existing []string) []store.FieldError {
	if len(sections) > maxListEntries {
		return []store.FieldError{{Field: "sections", Code: store.CodeMax, Message: fmt.Sprintf("at most %d entries are allowed", maxListEntries)}}
	}
	var errs []store.FieldError
	for i, section := range sections {
		if !s.hasSection(section) && !slices.Contains(existing, section) {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("sections[%d]", i), Code: store.CodeUnknown, Message: "there is no such section; choose from the list of sections",
			})
		}
	}
	return errs
}

// validateUnrestricted refuses what a Full administrator cannot have.
func (a *Administrator) validateUnrestricted() []store.FieldError {
	var errs []store.FieldError
	for _, field := range []struct {
		name  string
		blank bool
	}{
		{"sections", len(a.Sections) == 0},
		{"extensions", a.Extensions.IsUnrestricted()},
		{"dids", a.DIDs.IsUnrestricted()},
		{"teams", len(a.Teams) == 0},
	} {
		if !field.blank {
			errs = append(errs, store.FieldError{
				Field: field.name, Code: store.CodeFull, Message: "a Full administrator is not narrowed; choose limited, or leave this empty",
			})
		}
	}
	return errs
}
