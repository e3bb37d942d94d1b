package asteriskconf

import (
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Change is the difference that an apply makes to one file.
type Change struct {
	File File
	// Path is where the file stands, relative to the configuration folder.
	Path string
	// Before is what the file on disk held, and After what it holds now.
	Before []dialect.Section
	After  []dialect.Section
	// Live is what the last verified generation of the file held; nil when
	// there was none. It differs from Before after an apply that could not
	// be verified, or a change by hand.
	Live []dialect.Section
	// Unverified is what the file held in generations between Live and Before
	// that were never seen live, one after the other: Asterisk may have
	// served them all the same.
	Unverified []dialect.Section
	// OtherFileSections are the names, folded to lower case, of the sections that other
	// files of the parent's tree hold. Set for Verify.
	OtherFileSections map[string]bool
	// Sections lists what differs between Before and After, in the order of
	// After, removed sections last.
	Sections []SectionChange
}

// SectionChange is one section that differs. Before is nil for a new section,
// After for a removed one.
type SectionChange struct {
	Name   string
	Before *dialect.Section
	After  *dialect.Section
}

// sectionKey tells sections apart: the folded name, and which one of that
// name it is.
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

// otherFileSections returns the folded names of the sections that stand in other
// files than ours.
func otherFileSections(tree *dialect.Tree, ownPath string) map[string]bool {
	others := make(map[string]bool)
	for _, s := range tree.Sections {
		if s.File != ownPath && !s.Template {
			others[dialect.FoldName(s.Name)] = true
		}
	}
	return others
}

// equalSections reports whether two files hold the same, order included.
func equalSections(a, b []dialect.Section) bool {
	return slices.EqualFunc(a, b, func(x, y dialect.Section) bool {
		return x.Name == y.Name && slices.Equal(x.Lines, y.Lines)
	})
}
