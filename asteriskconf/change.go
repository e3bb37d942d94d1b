package asteriskconf

import (
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Change is the difference that an apply makes to one file.
type Change struct {
	File File
	// Path is the path of the file, relative to the configuration folder.
	Path string
	// Before is the previous content of the file on disk, and After is the new
	// content.
	Before []dialect.Section
	After  []dialect.Section
	// Live is the content of the file in the last verified generation; nil if
	// there is none. It differs from Before after a manual edit or an
	// unverified apply.
	Live []dialect.Section
	// Unverified is the content of the file in all unverified generations
	// between Live and Before, concatenated. Asterisk may have served any of
	// them.
	Unverified []dialect.Section
	// OtherFileSections are the folded names of the sections in the other files
	// of the parent's tree. It is set for Verify.
	OtherFileSections map[string]bool
	// Sections are the differences between Before and After, in the order of
	// After, then the removed sections.
	Sections []SectionChange
}

// SectionChange is one changed section. Before is nil for a new section, and
// After is nil for a removed one.
type SectionChange struct {
	Name   string
	Before *dialect.Section
	After  *dialect.Section
}

// sectionKey identifies a section: its folded name and its index among the
// sections of that name.
type sectionKey struct {
	name  string
	index int
}

// diffSections compares two files section by section.
func diffSections(before, after []dialect.Section) []SectionChange {
	old := indexSections(before)
	var changes []SectionChange
	seen := make(map[string]int, len(after))
	for i := range after {
		s := &after[i]
		key := nextKey(seen, s.Name)
		prior := old[key]
		delete(old, key)
		if prior == nil || prior.Name != s.Name || !slices.Equal(prior.Lines, s.Lines) {
			changes = append(changes, SectionChange{Name: s.Name, Before: prior, After: s})
		}
	}
	clear(seen)
	for i := range before {
		s := &before[i]
		if _, removed := old[nextKey(seen, s.Name)]; removed {
			changes = append(changes, SectionChange{Name: s.Name, Before: s})
		}
	}
	return changes
}

func indexSections(sections []dialect.Section) map[sectionKey]*dialect.Section {
	keyed := make(map[sectionKey]*dialect.Section, len(sections))
	seen := make(map[string]int, len(sections))
	for i := range sections {
		keyed[nextKey(seen, sections[i].Name)] = &sections[i]
	}
	return keyed
}

func nextKey(seen map[string]int, name string) sectionKey {
	folded := dialect.FoldName(name)
	key := sectionKey{folded, seen[folded]}
	seen[folded]++
	return key
}

// otherFileSections returns the folded names of the sections in other files
// than ownPath.
func otherFileSections(tree *dialect.Tree, ownPath string) map[string]bool {
	others := make(map[string]bool)
	for _, s := range tree.Sections {
		if s.File != ownPath && !s.Template {
			others[dialect.FoldName(s.Name)] = true
		}
	}
	return others
}

// equalSections reports whether two files have the same sections in the same
// order.
func equalSections(a, b []dialect.Section) bool {
	return slices.EqualFunc(a, b, func(x, y dialect.Section) bool {
		return x.Name == y.Name && slices.Equal(x.Lines, y.Lines)
	})
}
