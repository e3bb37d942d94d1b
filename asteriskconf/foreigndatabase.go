package asteriskconf

import (
	"github.com/pbxusers/pbxusers/store"
)

// ForeignDatabaseError means that another database was last applied to the
// folder. It wraps store.ErrConflict.
type ForeignDatabaseError struct{}

func (e *ForeignDatabaseError) Error() string {
	return "another database was last applied to this configuration folder; " +
		"use that database, or take over the folder, which removes the other database's records from Asterisk"
}

// Is reports whether target is store.ErrConflict.
func (e *ForeignDatabaseError) Is(target error) bool { return target == store.ErrConflict }

// checkDatabaseID returns a [*ForeignDatabaseError] unless the last apply used
// the same database.
func (d *ConfigDir) checkDatabaseID(s state) error {
	if d.takeOver || d.databaseID == "" || s.DatabaseID == "" || d.databaseID == s.DatabaseID {
		return nil
	}
	return &ForeignDatabaseError{}
}
