package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The ways in which a request is refused. Every refusal of this module
// matches exactly one of them with [errors.Is]; the typed error beside it
// carries the details and is found with [errors.As]. Any other error is a
// failure of the system, not a refusal: it may be worth another try.
var (
	// ErrNotFound means that no such record is stored.
	ErrNotFound = errors.New("not found")
	// ErrAlreadyExists means that another record holds a value that must be unique.
	ErrAlreadyExists = errors.New("exists already")
	// ErrConflict means that something changed at the same time, or that the
	// state of the system does not allow the act now.
	ErrConflict = errors.New("conflict")
	// ErrInUse means that other records still refer to this one.
	ErrInUse = errors.New("still in use")
	// ErrInvalid means that one or more fields hold something unacceptable.
	ErrInvalid = errors.New("invalid")
	// ErrForbidden means that whoever asks may not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrRateLimited means that there were too many tries; later ones may do.
	ErrRateLimited = errors.New("too many tries")
)

// NotFoundError says that no record of Kind has the key that was asked for.
// It matches [ErrNotFound].
type NotFoundError struct {
	// Kind is what was looked for, such as "AMI account".
	Kind string
}

func (e *NotFoundError) Error() string {
	return "there is no such " + e.Kind
}

// Is reports whether target is [ErrNotFound].
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// AlreadyExistsError says that another record of Kind already holds the value given
// for Field. It matches [ErrAlreadyExists].
type AlreadyExistsError struct {
	// Kind is what exists already, such as "AMI account".
	Kind string
	// Field is the field, named as in JSON, that has to be unique.
	Field string
	// Location says which place outside the store holds the value, such as
	// "manager.conf:12". Empty when it is another record of the store.
	Location string
}

func (e *AlreadyExistsError) Error() string {
	location := ""
	if e.Location != "" {
		location = " (" + e.Location + ")"
	}
	return fmt.Sprintf("%s: another %s has this %s already%s; choose a different one", e.Field, e.Kind, e.Field, location)
}

// Is reports whether target is [ErrAlreadyExists].
func (e *AlreadyExistsError) Is(target error) bool { return target == ErrAlreadyExists }

// ConflictError says that an act could not be done because of what happens or
// stands elsewhere. It matches [ErrConflict].
type ConflictError struct {
	// Reason is one sentence: what is in the way, and the way out.
	Reason string
}

func (e *ConflictError) Error() string { return e.Reason }

// Is reports whether target is [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Reference is a record that refers to another one.
type Reference struct {
	// Kind is what refers, such as "call flow".
	Kind string `json:"kind"`
	// Key names the record among those of its kind.
	Key string `json:"key"`
}

// InUseError says that a record of Kind cannot go, or be narrowed, because
// References still need it. It matches [ErrInUse].
type InUseError struct {
	Kind       string
	References []Reference
}

func (e *InUseError) Error() string {
	users := make([]string, len(e.References))
	for i, r := range e.References {
		users[i] = r.Kind + " " + r.Key
	}
	return fmt.Sprintf("this %s is still needed by %s", e.Kind, strings.Join(users, ", "))
}

// Is reports whether target is [ErrInUse].
func (e *InUseError) Is(target error) bool { return target == ErrInUse }

// ForbiddenError says that whoever asks may not do this. It matches
// [ErrForbidden].
type ForbiddenError struct {
	// Reason is one sentence: what may not be done, and who could.
	Reason string
}

func (e *ForbiddenError) Error() string { return e.Reason }

// Is reports whether target is [ErrForbidden].
func (e *ForbiddenError) Is(target error) bool { return target == ErrForbidden }

// RateLimitedError says that there were too many tries of late. It matches
// [ErrRateLimited].
type RateLimitedError struct {
	// RetryAfter is how long to wait before the next try, above 0.
	RetryAfter time.Duration
}

func (e *RateLimitedError) Error() string {
	return fmt.Sprintf("there were too many tries; try again in %s", time.Duration(e.RetryAfterSeconds())*time.Second)
}

// RetryAfterSeconds returns RetryAfter in whole seconds, after which it is over: as the
// header Retry-After has it (RFC 9110, section 10.2.3).
func (e *RateLimitedError) RetryAfterSeconds() int {
	return max(1, int((e.RetryAfter+time.Second-1)/time.Second))
}

// Is reports whether target is [ErrRateLimited].
func (e *RateLimitedError) Is(target error) bool { return target == ErrRateLimited }

// FieldError says what is wrong with one field. It never holds the value that
// was submitted.
type FieldError struct {
	// Field is the field's name as in JSON; an element of a list is
	// "permit[2]", a field of an element "event_filters[0].header".
	Field string `json:"field"`
	// Code is a short, stable word for programs, such as "required".
	Code string `json:"code"`
	// Message is one sentence for people: what is wrong, and the way out.
	Message string `json:"message"`
}

// String returns "field: message".
func (f FieldError) String() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

// InvalidError lists every field that was refused, in the order of the
// record's fields. It matches [ErrInvalid].
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

// Is reports whether target is [ErrInvalid].
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// NewInvalidError makes an [InvalidError] of the given fields, or nil when there are
// none, so that a validation may end with "return store.NewInvalidError(found...)".
func NewInvalidError(fields ...FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &InvalidError{Fields: fields}
}

// AddFieldErrors returns an [InvalidError] with fields, followed by those of err, or
// by that of an [AlreadyExistsError]. It returns err itself if fields is empty, or
// if err is any other error. With it, the fields that a caller cannot read are
// reported together with those that a service rejects.
func AddFieldErrors(err error, fields ...FieldError) error {
	invalid, isInvalid := errors.AsType[*InvalidError](err)
	exists, isTaken := errors.AsType[*AlreadyExistsError](err)
	switch {
	case len(fields) == 0:
		return err
	case isInvalid:
		return NewInvalidError(slices.Concat(fields, invalid.Fields)...)
	case isTaken:
		message := strings.TrimPrefix(exists.Error(), exists.Field+": ")
		return NewInvalidError(append(slices.Clip(fields), FieldError{Field: exists.Field, Code: CodeAlreadyExists, Message: message})...)
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
