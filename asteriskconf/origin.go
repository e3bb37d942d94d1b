package asteriskconf

import (
	"github.com/pbxusers/pbxusers/store"
)

// OtherOriginError says that the folder was last applied from other records.
// It matches store.ErrConflict.
type OtherOriginError struct{}

func (e *OtherOriginError) Error() string {
	return "this configuration folder was last applied from another database; " +
		"use that one, or adopt the folder, which takes all that the other holds from Asterisk"
}

// Is reports whether target is store.ErrConflict.
func (e *OtherOriginError) Is(target error) bool { return target == store.ErrConflict }

// refuseOrigin refuses records other than those of the last apply.
func (f *Folder) refuseOrigin(s state) error {
	if f.adopt || f.origin == "" || s.Origin == "" || f.origin == s.Origin {
		return nil
	}
	return &OtherOriginError{}
}
