package asteriskconf

import (
	"github.com/pbxusers/pbxusers/store"
)

// ForeignDatabaseError says that the folder was last applied from other records.
// It matches store.ErrConflict.
type ForeignDatabaseError struct{}

func (e *ForeignDatabaseError) Error() string {
	return "this configuration folder was last applied from another database; " +
		"use that one, or adopt the folder, which takes all that the other holds from Asterisk"
}

// Is reports whether target is store.ErrConflict.
func (e *ForeignDatabaseError) Is(target error) bool { return target == store.ErrConflict }

// checkDatabaseID refuses records other than those of the last apply.
func (d *ConfigDir) checkDatabaseID(s state) error {
	if d.takeOver || d.databaseID == "" || s.DatabaseID == "" || d.databaseID == s.DatabaseID {
		return nil
	}
	return &ForeignDatabaseError{}
}
