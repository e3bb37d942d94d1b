package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// hintedError is an error and the way out of it, a sentence of its own.
type hintedError struct {
	err    error
	wayOut string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// refused reports whether err is the answer to a bad request rather than a
// failure of the system.
func refused(err error) bool {
	for _, refusal := range []error{store.ErrInvalid, store.ErrExists, store.ErrNotFound, store.ErrInUse, store.ErrConflict} {
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
	if way := wayOut(err); way != "" {
		b.WriteString("\n" + way)
	}
	return b.String()
}

func wayOut(err error) string {
	var hinted *hintedError
	var applied *asteriskconf.ApplyError
	switch {
	case errors.As(err, &hinted):
		return hinted.wayOut
	case errors.As(err, &applied) && applied.Undo != nil:
		return "Run 'pbxctl config recover' once Asterisk runs: it ends what is left to do."
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		return "Run 'pbxctl config install'."
	case errors.As(err, new(*asteriskconf.OtherOriginError)):
		return "Name that database with --db, or take the folder over with --adopt."
	case errors.Is(err, ami.ErrAuthentication):
		return "Run 'pbxctl config install' on the host of Asterisk: it mends the account and the file of its secret."
	case errors.Is(err, ami.ErrUnreachable):
		return "Start Asterisk, or say with --ami where AMI listens; with --ami none the files are written and not verified."
	case errors.Is(err, store.ErrInUse):
		return "Apply with another one first: 'pbxctl config install --ami-user NAME', and --ami-user NAME from then on."
	case errors.Is(err, store.ErrNotFound):
		return "Run 'pbxctl manager list' for what there is."
	case errors.Is(err, fs.ErrPermission):
		return "Run it as root, or as the user that these files belong to."
	case errors.Is(err, fs.ErrNotExist):
		return "Check the paths: --conf-dir, --db, --key-file and --ami-secret-file."
	}
	return ""
}

// allRefused adds what the service refused to what the flags refused.
func allRefused(flags []store.FieldError, err error) error {
	var invalid *store.InvalidError
	var exists *store.ExistsError
	switch {
	case len(flags) == 0:
		return err
	case errors.As(err, &invalid):
		return store.Invalid(slices.Concat(flags, invalid.Fields)...)
	case errors.As(err, &exists):
		message := strings.TrimPrefix(exists.Error(), exists.Field+": ")
		return store.Invalid(append(slices.Clip(flags), store.FieldError{Field: exists.Field, Code: "exists", Message: message})...)
	case err != nil:
		return err
	}
	return store.Invalid(flags...)
}

// unchanged says of a failed login that it left everything as it was.
func unchanged(err error) error {
	return fmt.Errorf("%w; nothing was changed, and what was pending still is", err)
}
