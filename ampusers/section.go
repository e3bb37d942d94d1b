package ampusers

import (
	"fmt"
	"regexp"
	"slices"
)

// SectionApply is a section of every product: applying the configuration to
// Asterisk. It is separate from the sections of the records.
const SectionApply = "apply"

// Section is a part of the product to which administrators can have access.
type Section struct {
	// ID is the value in [Administrator.Sections]: 1 to 64 lower-case letters,
	// digits, dashes and dots.
	ID string `json:"id"`
	// Name and Description are texts for pages.
	Name        string `json:"name"`
	Description string `json:"description"`
}

var sectionPattern = regexp.MustCompile(`^[a-z0-9.-]{1,64}$`)

// registerSections returns the sections of a product and, as the last one,
// SectionApply. It panics if an ID is invalid or not unique.
func registerSections(sections []Section) []Section {
	all := append(slices.Clone(sections), Section{
		ID: SectionApply, Name: "Apply", Description: "Plan, apply and roll back the configuration of Asterisk.",
	})
	seen := make(map[string]bool, len(all))
	for _, section := range all {
		if !sectionPattern.MatchString(section.ID) || seen[section.ID] {
			panic(fmt.Sprintf("ampusers: the section id %q is not 1 to 64 lower-case letters, digits, dashes and dots, or is not unique; this package adds %q",
				section.ID, SectionApply))
		}
		seen[section.ID] = true
	}
	return all
}

// Sections returns the sections in their order, [SectionApply] last.
func (s *Service) Sections() []Section { return slices.Clone(s.sections) }

func (s *Service) hasSection(section string) bool {
	return slices.ContainsFunc(s.sections, func(registered Section) bool { return registered.ID == section })
}
