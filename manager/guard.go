package manager

import (
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/store"
)

// setvarHarm is what a reload does while an account has setvar: Asterisk frees
// the variables of every account and keeps the pointer (__init_manager in
// main/manager.c), so that a later reload crashes it.
const setvarHarm = "each reload corrupts the memory of Asterisk while an AMI account has setvar, and a later one ends all calls; " +
	"remove the line and restart Asterisk"

// Guard refuses an apply that would crash Asterisk, or lock the next apply out
// of it.
func (s *Source) Guard(change *asteriskconf.Change) error {
	for _, section := range change.Before {
		if len(section.Values("setvar")) > 0 {
			return &store.ConflictError{Reason: change.Path + " was edited by hand: " + setvarHarm}
		}
	}
	before := sectionNamed(slices.Concat(change.Before, change.Live), s.opts.ApplyAs)
	if s.opts.ApplyAs == "" || before == nil {
		return nil
	}
	after := sectionNamed(change.After, s.opts.ApplyAs)
	if after == nil || !privilegesOf(after, "write").Has(applyPrivileges) {
		return &store.ConflictError{Reason: "this would take the AMI account that applies from Asterisk, or what it needs to apply; " +
			"apply with another account, or give it back"}
	}
	return nil
}

func sectionNamed(sections []asteriskconf.Section, name string) *asteriskconf.Section {
	i := slices.IndexFunc(sections, func(s asteriskconf.Section) bool { return FoldName(s.Name) == FoldName(name) })
	if i < 0 {
		return nil
	}
	return &sections[i]
}
