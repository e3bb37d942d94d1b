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
	// maxListEntries is the maximum length of a list of sections.
	maxListEntries = 1000
	// maxTextBytes is the maximum size of text that is normalized, in bytes. It is
	// more than any valid field has.
	maxTextBytes = 4 * MaxDisplayNameLength
)

// teamPattern matches the names of teams. "" is the default team.
var teamPattern = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$`)

// newValidator returns the validator of the struct tags of an Administrator.
func newValidator() *validate.Validator {
	return validate.New(validate.Rule{Tag: store.CodeUsername, Valid: username.Valid, Message: username.InvalidMessage})
}

// normalizeFields normalizes text. It does not sort lists, so that
// [Service.validateFields] can report positions.
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

// normalizeLists normalizes the lists of a.
func normalizeLists(a *Administrator) *Administrator {
	a.Sections, a.Teams = sortedUnique(a.Sections), sortedUnique(a.Teams)
	return a
}

// sortedUnique returns the words sorted and without duplicates. The result is empty
// rather than nil, so that its JSON is [].
func sortedUnique(words []string) []string {
	words = append([]string{}, words...)
	slices.Sort(words)
	return slices.Compact(words)
}

// validateFields returns all errors of a, in the order of its fields. Positions in
// lists are those of the input, so lists must be sorted afterwards. known are its
// previous sections, which may not exist any longer.
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
				Message: "use up to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit; leave it empty for the default team",
			})
		}
	}
	return errs
}

func (s *Service) validateSections(sections, existing []string) []store.FieldError {
	if len(sections) > maxListEntries {
		return []store.FieldError{{Field: "sections", Code: store.CodeMax, Message: fmt.Sprintf("at most %d entries", maxListEntries)}}
	}
	var errs []store.FieldError
	for i, section := range sections {
		if !s.hasSection(section) && !slices.Contains(existing, section) {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("sections[%d]", i), Code: store.CodeUnknown, Message: "unknown section; choose from the list of sections",
			})
		}
	}
	return errs
}

// validateUnrestricted rejects restrictions of a Full administrator.
func (a *Administrator) validateUnrestricted() []store.FieldError {
	var errs []store.FieldError
	for _, field := range []struct {
		name  string
		empty bool
	}{
		{"sections", len(a.Sections) == 0},
		{"extensions", a.Extensions.IsUnrestricted()},
		{"dids", a.DIDs.IsUnrestricted()},
		{"teams", len(a.Teams) == 0},
	} {
		if !field.empty {
			errs = append(errs, store.FieldError{
				Field: field.name, Code: store.CodeFull, Message: "a full administrator cannot have restrictions; set access to \"limited\" or leave this field empty",
			})
		}
	}
	return errs
}
