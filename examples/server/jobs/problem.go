package jobs

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// errMistake says of a mistake in the program what a visitor may know.
var errMistake = errors.New("a mistake in the program ended it; the log of the server says more")

// problem is what people are told of an error: refusals, which are made to be
// shown, and why a directory cannot be read, which whoever runs it needs to
// know. Of anything else the log is told.
func problem(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "the server was stopped before this had ended; begin it again"
	case errors.Is(err, errMistake):
		return errMistake.Error()
	case !refused(err):
		return "the server failed; its log says more"
	}
	if way := site.WayOut(err); way != "" {
		return err.Error() + ". " + way
	}
	return err.Error()
}

// refused reports whether err is a refusal of the services, or of a directory.
func refused(err error) bool {
	if _, unread := errors.AsType[*userman.DirectoryError](err); unread {
		return true
	}
	return slices.ContainsFunc([]error{
		store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrInUse, store.ErrInvalid, store.ErrForbidden, store.ErrThrottled,
	}, func(refusal error) bool { return errors.Is(err, refusal) })
}
