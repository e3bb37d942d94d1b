package jobs

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// errInternal hides the details of a panic.
var errInternal = errors.New("a mistake in the program ended it; the log of the server says more")

// errorMessage is the message of an error for administrators: the text of domain
// errors and of directory errors. It hides other errors, which are logged.
func errorMessage(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "the server was stopped before this had ended; begin it again"
	case errors.Is(err, errInternal):
		return errInternal.Error()
	case !isDomainError(err):
		return "the server failed; its log says more"
	}
	if hint := app.Hint(err); hint != "" {
		return err.Error() + ". " + hint
	}
	return err.Error()
}

// isDomainError reports whether err is an error of the services or of a
// directory.
func isDomainError(err error) bool {
	if _, isDirectoryErr := errors.AsType[*userman.DirectoryError](err); isDirectoryErr {
		return true
	}
	return slices.ContainsFunc([]error{
		store.ErrNotFound, store.ErrAlreadyExists, store.ErrConflict, store.ErrInUse, store.ErrInvalid, store.ErrForbidden, store.ErrRateLimited,
	}, func(target error) bool { return errors.Is(err, target) })
}
