package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

// isClientError reports whether err rejects the request, rather than being a
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

// errorText describes err, with each rejected field on a line of its own, and a
// hint where there is one.
func errorText(err error) string {
	var b strings.Builder
	var invalid *store.InvalidError
	if errors.As(err, &invalid) && !errors.As(err, new(*asteriskconf.ApplyError)) {
		b.WriteString("pbxctl: rejected, nothing was changed:")
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

// wrapUnchanged adds that a failed login to Asterisk changed nothing.
func wrapUnchanged(err error) error {
	return fmt.Errorf("%w; nothing was changed, and the changes are still pending", err)
}
