package ampusers

import (
	"fmt"
	"regexp"
	"slices"
)

// SectionApply is the section that every product has: to apply the
// configuration to Asterisk is a grant of its own, whoever made the changes.
const SectionApply = "apply"

// Section is a part of the product that an administrator may be given.
type Section struct {
	// ID is what [Administrator.Sections] holds: 1 to 64 lower-case
	// letters, digits, dashes and dots.
	ID string `json:"id"`
	// Name and Description are for people.
	Name        string `json:"name"`
	Description string `json:"description"`
}

var sectionPattern = regexp.MustCompile(`^[a-z0-9.-]{1,64}$`)

// registerSections returns the sections of a product with SectionApply as the last
// one. An id that is none, or stands twice, is a mistake in the program.
func registerSections(sections []Section) []Section {
	all := append(slices.Clone(sections), Section{
		ID: SectionApply, Name: "Apply", Description: "Plan, apply and roll back the configuration of Asterisk.",
	})
	seen := make(map[string]bool, len(all))
	for _, section := range all {
		if !sectionPattern.MatchString(section.ID) || seen[section.ID] {
			panic(fmt.Sprintf("ampusers: the section id %q is not 1 to 64 lower-case letters, digits, dashes and dots, or stands twice; %q is added by this package",
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
