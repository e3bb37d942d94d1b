package jobs

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
)

// errMistake says of a mistake in the program what a visitor may know.
var errMistake = errors.New("a mistake in the program ended it; the log of the server says more")

// problem is what people are told of an error: refusals, which are made to be
// shown, and no details of anything else, which the log is told.
func problem(err error) string {
	unread, isUnread := errors.AsType[*unreadError](err)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "the server was stopped before this had ended; begin it again"
	case errors.Is(err, errMistake):
		return errMistake.Error()
	case isUnread:
		return unread.said
	case !refused(err):
		return "the server failed; its log says more"
	}
	if way := site.WayOut(err); way != "" {
		return err.Error() + ". " + way
	}
	return err.Error()
}

// refused reports whether err is a refusal of the services.
func refused(err error) bool {
	return slices.ContainsFunc([]error{
		store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrInUse, store.ErrInvalid, store.ErrForbidden, store.ErrThrottled,
	}, func(refusal error) bool { return errors.Is(err, refusal) })
}

// unreadError is the failure of a sync whose directory cannot be read.
type unreadError struct {
	error

	// said is what the test of the directory says.
	said string
}

// Unwrap returns the failure.
func (e *unreadError) Unwrap() error { return e.error }

// explained tells why a sync failed where the directory is at fault: whoever
// runs it needs to know. Nothing in the error tells whose it is, so that the
// directory is tested, as on the page of the settings.
func (r *Runner) explained(ctx context.Context, directory string, err error) error {
	if err == nil || ctx.Err() != nil || refused(err) {
		return err
	}
	said, failed := r.site.TestDirectory(ctx, directory)
	if failed != nil || said == "" {
		return err
	}
	return &unreadError{err, said}
}
