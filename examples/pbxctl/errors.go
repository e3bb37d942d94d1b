package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// isClientError reports whether err is the answer to a bad request rather than a
// failure of the system.
func isClientError(err error) bool {
	for _, target := range []error{
		store.ErrInvalid, store.ErrAlreadyExists, store.ErrNotFound, store.ErrInUse, store.ErrConflict, store.ErrForbidden, store.ErrRateLimited,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// errorText says what is wrong, each refused field on a line of its own, and
// then the way out, where what is wrong does not tell it.
func errorText(err error) string {
	var b strings.Builder
	var invalid *store.InvalidError
	if errors.As(err, &invalid) && !errors.As(err, new(*asteriskconf.ApplyError)) {
		b.WriteString("pbxctl: refused, nothing was changed:")
		for _, f := range invalid.Fields {
			b.WriteString("\n  " + f.String())
		}
	} else {
		b.WriteString("pbxctl: " + err.Error())
	}
	if hint := app.Hint(err); hint != "" {
		b.WriteString("\n" + hint)
	}
	return b.String()
}

// flagErrors are flags that could not be read.
type flagErrors []store.FieldError

// withFlagErrors has a service make the change, and undoes it when a flag could not
// be read: so all that is wrong is refused at once. act is the change as the
// audit trail calls it.
func withFlagErrors[R any](ctx context.Context, s *app.App, errs flagErrors, act audit.Event, change func(context.Context) (R, error)) (changed R, err error) {
	if len(errs) == 0 {
		return change(ctx)
	}
	err = s.DB.RunInTx(ctx, func(ctx context.Context) error {
		_, err := change(ctx)
		return errs.merge(err)
	})
	// What the service kept of it was undone as well.
	s.AuditLog.RecordFailure(ctx, act, err)
	return changed, err
}

// merge adds what the service refused to what the flags refused.
func (errs flagErrors) merge(err error) error {
	var invalid *store.InvalidError
	var exists *store.AlreadyExistsError
	switch {
	case errors.As(err, &invalid):
		return store.NewInvalidError(slices.Concat(errs, invalid.Fields)...)
	case errors.As(err, &exists):
		message := strings.TrimPrefix(exists.Error(), exists.Field+": ")
		return store.NewInvalidError(append(slices.Clip(errs), store.FieldError{Field: exists.Field, Code: "exists", Message: message})...)
	case err != nil:
		return err
	}
	return store.NewInvalidError(errs...)
}

// wrapUnchanged says of a failed login that it left everything as it was.
func wrapUnchanged(err error) error {
	return fmt.Errorf("%w; nothing was changed, and what was pending still is", err)
}
