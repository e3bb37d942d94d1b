package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The domain errors. Every error that is caused by a request matches exactly one of
// them with [errors.Is]. The typed errors have the details, for [errors.As]. Any
// other error is an internal error, and a retry may succeed.
var (
	// ErrNotFound means that there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrAlreadyExists means that another record has a value that must be unique.
	ErrAlreadyExists = errors.New("already exists")
	// ErrConflict means that there was a concurrent change, or that the current
	// state does not allow the operation.
	ErrConflict = errors.New("conflict")
	// ErrInUse means that other records refer to this one.
	ErrInUse = errors.New("in use")
	// ErrInvalid means that one or more fields are invalid.
	ErrInvalid = errors.New("invalid")
	// ErrForbidden means that the actor is not authorized.
	ErrForbidden = errors.New("forbidden")
	// ErrRateLimited means that there were too many attempts.
	ErrRateLimited = errors.New("too many attempts")
	// ErrBusy means that the operation waited too long for its turn.
	ErrBusy = errors.New("busy")
)

// ErrCorrupt means that a stored value cannot be read, because it was modified outside
// the program. It is an internal error.
var ErrCorrupt = errors.New("the stored value cannot be read")

// NotFoundError means that no record of Kind has the requested key. It matches
// [ErrNotFound].
type NotFoundError struct {
	// Kind is the kind of the record, such as "AMI account".
	Kind string
}

func (e *NotFoundError) Error() string {
	return "there is no such " + e.Kind
}

// Is reports whether target is [ErrNotFound].
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// AlreadyExistsError means that another record of Kind has the value of Field. It
// matches [ErrAlreadyExists].
type AlreadyExistsError struct {
	// Kind is the kind of the other record, such as "AMI account".
	Kind string
	// Field is the JSON name of the field that must be unique.
	Field string
	// LoginName means that the other record has the value as a login name, perhaps in
	// another field.
	LoginName bool
	// Location is the place outside the store that has the value, such as
	// "manager.conf:12". It is empty for a record of the store.
	Location string
}

func (e *AlreadyExistsError) Error() string {
	if e.LoginName {
		return fmt.Sprintf("%s: another %s already logs in with this name; choose a different one", e.Field, e.Kind)
	}
	location := ""
	if e.Location != "" {
		location = " (" + e.Location + ")"
	}
	return fmt.Sprintf("%s: another %s already has this %s%s; choose a different one", e.Field, e.Kind, e.Field, location)
}

// FieldError returns the error as that of a field, with the code [CodeAlreadyExists].
func (e *AlreadyExistsError) FieldError() FieldError {
	return FieldError{Field: e.Field, Code: CodeAlreadyExists, Message: strings.TrimPrefix(e.Error(), e.Field+": ")}
}

// Is reports whether target is [ErrAlreadyExists].
func (e *AlreadyExistsError) Is(target error) bool { return target == ErrAlreadyExists }

// ConflictError means that the current state does not allow an operation. It
// matches [ErrConflict].
type ConflictError struct {
	// Reason is one sentence: the obstacle and the remedy.
	Reason string
}

func (e *ConflictError) Error() string { return e.Reason }

// Is reports whether target is [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Reference is a record that refers to another record.
type Reference struct {
	// Kind is the kind of the referring record, such as "call flow".
	Kind string `json:"kind"`
	// Key identifies the record in its kind.
	Key string `json:"key"`
}

// InUseError means that a record of Kind cannot be deleted or restricted because
// References need it. It matches [ErrInUse].
type InUseError struct {
	Kind       string
	References []Reference
}

func (e *InUseError) Error() string {
	users := make([]string, len(e.References))
	for i, r := range e.References {
		users[i] = r.Kind + " " + r.Key
	}
	return fmt.Sprintf("this %s is needed by %s", e.Kind, strings.Join(users, ", "))
}

// Is reports whether target is [ErrInUse].
func (e *InUseError) Is(target error) bool { return target == ErrInUse }

// ForbiddenError means that the actor is not authorized. It matches [ErrForbidden].
type ForbiddenError struct {
	// Reason is one sentence: what is forbidden, and who is authorized.
	Reason string
	// Concealed is the error for a record that does not exist, if the record itself is
	// out of scope, and else nil. See [Conceal].
	Concealed error
}

func (e *ForbiddenError) Error() string { return e.Reason }

// Is reports whether target is [ErrForbidden].
func (e *ForbiddenError) Is(target error) bool { return target == ErrForbidden }

// Conceal returns err as the actor may see it. For a record out of scope it returns the
// error for a record that does not exist, because "forbidden" would reveal that the
// record exists. The audit log and the logger should get the original error.
func Conceal(err error) error {
	if forbidden, ok := errors.AsType[*ForbiddenError](err); ok && forbidden.Concealed != nil {
		return forbidden.Concealed
	}
	return err
}

// RateLimitedError means that there were too many attempts recently. It matches
// [ErrRateLimited].
type RateLimitedError struct {
	// RetryAfter is the time until the next attempt is allowed, above 0.
	RetryAfter time.Duration
}

func (e *RateLimitedError) Error() string {
	return fmt.Sprintf("too many attempts; try again in %s", time.Duration(e.RetryAfterSeconds())*time.Second)
}

// RetryAfterSeconds returns RetryAfter in seconds, rounded up, for the header
// Retry-After (RFC 9110, section 10.2.3).
func (e *RateLimitedError) RetryAfterSeconds() int {
	return max(1, int((e.RetryAfter+time.Second-1)/time.Second))
}

// Is reports whether target is [ErrRateLimited].
func (e *RateLimitedError) Is(target error) bool { return target == ErrRateLimited }

// BusyError means that the operation waited too long for its turn, and did nothing. It
// matches [ErrBusy].
type BusyError struct {
	// RetryAfterSeconds is the number of seconds to wait before another attempt, for
	// the header Retry-After (RFC 9110, section 10.2.3), above 0.
	RetryAfterSeconds int
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("too much is running; nothing was changed; try again in %s", time.Duration(e.RetryAfterSeconds)*time.Second)
}

// Is reports whether target is [ErrBusy].
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// FieldError is an error of one field. It never contains the submitted value.
type FieldError struct {
	// Field is the JSON name of the field. An element of a list is "permit[2]", a
	// field of an element "event_filters[0].header".
	Field string `json:"field"`
	// Code is stable, for programs: one of the Code constants.
	Code string `json:"code"`
	// Message is one sentence: the error and the remedy.
	Message string `json:"message"`
}

// String returns "field: message".
func (f FieldError) String() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

// InvalidError lists all invalid fields, in the order of the record's fields. It
// matches [ErrInvalid].
type InvalidError struct {
	Fields []FieldError
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.String()
	}
	return strings.Join(parts, "; ")
}

// Is reports whether target is [ErrInvalid], or [ErrAlreadyExists] if other records have
// all of the values.
func (e *InvalidError) Is(target error) bool {
	isOther := func(f FieldError) bool { return f.Code != CodeAlreadyExists }
	return target == ErrInvalid || target == ErrAlreadyExists && !slices.ContainsFunc(e.Fields, isOther)
}

// NewInvalidError returns an [InvalidError] with the given fields, or nil if there
// are none. A validation can end with "return store.NewInvalidError(errs...)".
func NewInvalidError(fields ...FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &InvalidError{Fields: fields}
}

// AddFieldErrors returns an [InvalidError] with fields, followed by those of err that
// have another field or code, or by that of an [AlreadyExistsError]. It returns err itself if fields is empty, or
// if err is any other error. With it, the fields that a caller cannot read are
// reported together with those that a service rejects.
func AddFieldErrors(err error, fields ...FieldError) error {
	invalid, isInvalid := errors.AsType[*InvalidError](err)
	exists, isTaken := errors.AsType[*AlreadyExistsError](err)
	switch {
	case len(fields) == 0:
		return err
	case isInvalid:
		others := slices.DeleteFunc(slices.Clone(invalid.Fields), func(e FieldError) bool {
			return slices.ContainsFunc(fields, func(f FieldError) bool { return f.Field == e.Field && f.Code == e.Code })
		})
		return NewInvalidError(slices.Concat(fields, others)...)
	case isTaken:
		return NewInvalidError(append(slices.Clip(fields), exists.FieldError())...)
	case err != nil:
		return err
	}
	return NewInvalidError(fields...)
}

// FieldErrors returns the fields of an [InvalidError], and the error itself if it is
// another one.
func FieldErrors(err error) ([]FieldError, error) {
	if invalid, ok := errors.AsType[*InvalidError](err); ok {
		return invalid.Fields, nil
	}
	return nil, err
}

// FieldErrorsAt returns the fields of an [InvalidError] as errors on a field, such as
// "permit". A parser of a text does not know the field. An index that the parser names,
// such as "[2]", follows the name of the field. It returns nil for any other error.
func FieldErrorsAt(field string, err error) []FieldError {
	invalid, _ := FieldErrors(err)
	fields := slices.Clone(invalid)
	for i, f := range fields {
		fields[i].Field = field
		if strings.HasPrefix(f.Field, "[") {
			fields[i].Field += f.Field
		}
	}
	return fields
}

// RejectionCode returns a short, stable identifier of a domain error, such as
// "not_found". It is false for any other error: that is a failure of the system, and not
// a rejected request.
func RejectionCode(err error) (code string, rejected bool) {
	for _, known := range []struct {
		err  error
		code string
	}{
		{ErrInvalid, "invalid"},
		{ErrAlreadyExists, "already_exists"},
		{ErrNotFound, "not_found"},
		{ErrInUse, "in_use"},
		{ErrConflict, "conflict"},
		{ErrForbidden, "forbidden"},
		{ErrRateLimited, "rate_limited"},
		{ErrBusy, "busy"},
	} {
		if errors.Is(err, known.err) {
			return known.code, true
		}
	}
	return "", false
}
