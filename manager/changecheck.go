package manager

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// setvarWarning describes a reload while an account has setvar. Asterisk frees
// the variables of every account but keeps the pointer (__init_manager in
// main/manager.c), so a later reload crashes it.
const setvarWarning = "while an AMI account has setvar, each reload corrupts the memory of Asterisk and a later reload ends all calls; " +
	"remove the line and restart Asterisk"

// CheckChange rejects an apply that would crash Asterisk, lock out the next apply, or
// replace an account that is in no file.
func (s *ConfSource) CheckChange(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	for _, section := range change.Before {
		if len(section.Values("setvar")) > 0 {
			return &store.ConflictError{Reason: change.Path + " was edited manually: " + setvarWarning}
		}
	}
	if err := s.checkApplyAccount(change); err != nil {
		return err
	}
	return checkLiveNames(ctx, asterisk, change)
}

// checkApplyAccount rejects an apply that locks out the next one.
func (s *ConfSource) checkApplyAccount(change *asteriskconf.Change) error {
	current := findSection(slices.Concat(change.Before, change.Live), s.opts.ApplyAccount)
	if s.opts.ApplyAccount == "" || current == nil {
		return nil
	}
	after := findSection(change.After, s.opts.ApplyAccount)
	if after == nil || !sectionPrivileges(after, "write").Has(applyPrivileges) {
		return &store.ConflictError{Reason: "this would remove the AMI account that pbxusers uses to apply changes, or rights that it needs; " +
			"apply with another account or restore this one"}
	}
	return nil
}

func findSection(sections []dialect.Section, name string) *dialect.Section {
	folded := FoldName(name)
	i := slices.IndexFunc(sections, func(s dialect.Section) bool { return FoldName(s.Name) == folded })
	if i < 0 {
		return nil
	}
	return &sections[i]
}
