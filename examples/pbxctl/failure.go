package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// refused reports whether err is the answer to a bad request rather than a
// failure of the system.
func refused(err error) bool {
	for _, refusal := range []error{
		store.ErrInvalid, store.ErrExists, store.ErrNotFound, store.ErrInUse, store.ErrConflict, store.ErrForbidden, store.ErrThrottled,
	} {
		if errors.Is(err, refusal) {
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
	if way := site.WayOut(err); way != "" {
		b.WriteString("\n" + way)
	}
	return b.String()
}

// unreadable are flags that could not be read.
type unreadable []store.FieldError

// judged has a service make the change, and undoes it when a flag could not
// be read: so all that is wrong is refused at once. act is the change as the
// audit trail calls it.
func judged[R any](ctx context.Context, s *site.Site, u unreadable, act audit.Event, change func(context.Context) (R, error)) (changed R, err error) {
	if len(u) == 0 {
		return change(ctx)
	}
	err = s.DB.Atomically(ctx, func(ctx context.Context) error {
		_, err := change(ctx)
		return u.and(err)
	})
	// What the service kept of it was undone as well.
	s.Trail.RecordFailure(ctx, act, err)
	return changed, err
}

// and adds what the service refused to what the flags refused.
func (u unreadable) and(err error) error {
	var invalid *store.InvalidError
	var exists *store.ExistsError
	switch {
	case errors.As(err, &invalid):
		return store.Invalid(slices.Concat(u, invalid.Fields)...)
	case errors.As(err, &exists):
		message := strings.TrimPrefix(exists.Error(), exists.Field+": ")
		return store.Invalid(append(slices.Clip(u), store.FieldError{Field: exists.Field, Code: "exists", Message: message})...)
	case err != nil:
		return err
	}
	return store.Invalid(u...)
}

// unchanged says of a failed login that it left everything as it was.
func unchanged(err error) error {
	return fmt.Errorf("%w; nothing was changed, and what was pending still is", err)
}
