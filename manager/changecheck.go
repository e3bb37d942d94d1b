package manager

import (
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// setvarWarning is what a reload does while an account has setvar: Asterisk frees
// the variables of every account and keeps the pointer (__init_manager in
// main/manager.c), so that a later reload crashes it.
const setvarWarning = "each reload corrupts the memory of Asterisk while an AMI account has setvar, and a later one ends all calls; " +
	"remove the line and restart Asterisk"

// CheckChange refuses an apply that would crash Asterisk, or lock the next apply out
// of it.
func (s *ConfSource) CheckChange(change *asteriskconf.Change) error {
	for _, section := range change.Before {
		if len(section.Values("setvar")) > 0 {
			return &store.ConflictError{Reason: change.Path + " was edited by hand: " + setvarWarning}
		}
	}
	current := findSection(slices.Concat(change.Before, change.Live), s.opts.ApplyAccount)
	if s.opts.ApplyAccount == "" || current == nil {
		return nil
	}
	after := findSection(change.After, s.opts.ApplyAccount)
	if after == nil || !sectionPrivileges(after, "write").Has(applyPrivileges) {
		return &store.ConflictError{Reason: "this would take the AMI account that applies from Asterisk, or what it needs to apply; " +
			"apply with another account, or give it back"}
	}
	return nil
}

func findSection(sections []dialect.Section, name string) *dialect.Section {
	i := slices.IndexFunc(sections, func(s dialect.Section) bool { return FoldName(s.Name) == FoldName(name) })
	if i < 0 {
		return nil
	}
	return &sections[i]
}
