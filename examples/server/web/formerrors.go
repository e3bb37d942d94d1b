package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/field"
)

// formErrors are the errors that a service reports about a form. The zero value
// is a form without errors.
type formErrors struct {
	status int
	// retryAfter is in seconds; 0 when the form can be sent again immediately.
	retryAfter int
	// general are the errors that concern no field.
	general []string
	fields  []store.FieldError
	// typed is the input, which names the elements of lists with errors.
	typed url.Values
}

// formErrorsOf returns the errors that err reports about a form. It returns false
// for other errors, which have a page of their own.
func formErrorsOf(err error) (formErrors, bool) {
	var invalid *store.InvalidError
	var exists *store.AlreadyExistsError
	err = store.Conceal(err)
	status := errorPageOf(err).Status
	switch {
	case errors.As(err, &invalid):
		return formErrors{status: http.StatusUnprocessableEntity, fields: inWords(invalid.Fields)}, true
	case errors.As(err, &exists):
		return formErrors{status: http.StatusUnprocessableEntity, fields: inWords([]store.FieldError{exists.FieldError()})}, true
	case errors.As(err, new(*credential.LoginError)):
		status = http.StatusUnprocessableEntity
	case !slices.Contains([]int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusConflict, http.StatusServiceUnavailable}, status):
		return formErrors{}, false
	}
	errs := formErrors{status: status, general: []string{sentence(err.Error())}}
	if limited, ok := errors.AsType[*store.RateLimitedError](err); ok {
		errs.retryAfter = limited.RetryAfterSeconds()
	} else if busy, ok := errors.AsType[*store.BusyError](err); ok {
		errs.retryAfter = busy.RetryAfterSeconds
	}
	return errs, true
}

// inWords returns the errors of values that others have with the words of a page for the
// names of the fields.
func inWords(fields []store.FieldError) []store.FieldError {
	fields = slices.Clone(fields)
	for i, f := range fields {
		if f.Code == store.CodeAlreadyExists {
			fields[i].Message = strings.ReplaceAll(f.Message, f.Field, strings.ReplaceAll(f.Field, "_", " "))
		}
	}
	return fields
}

// invalidField is the error of one field.
func invalidField(name, code, message string) error {
	return store.NewInvalidError(store.FieldError{Field: name, Code: code, Message: message})
}

// forField returns the errors of a field, its elements and their parts.
func (e formErrors) forField(name string) []string {
	var messages []string
	for _, f := range e.fields {
		if rest, ok := strings.CutPrefix(f.Field, name); ok && (rest == "" || rest[0] == '[' || rest[0] == '.') {
			messages = append(messages, e.elementPrefix(name, rest)+f.Message)
		}
	}
	return messages
}

// mark puts the errors beside the fields, and returns the summary of all.
func (e formErrors) mark(fields ...*formField) []problem {
	labels := map[string]string{}
	for _, f := range fields {
		f.Errors, labels[f.Name] = e.forField(f.Name), f.Label
	}
	return e.summary(labels)
}

// markAll does what mark does for the fields of a slice.
func (e formErrors) markAll(fields []formField) []problem {
	pointers := make([]*formField, len(fields))
	for i := range fields {
		pointers[i] = &fields[i]
	}
	return e.mark(pointers...)
}

// onFormErrors shows the errors of a form. Other errors have a page of their own.
func onFormErrors(err error, show func(formErrors) (response, error)) (response, error) {
	errs, ok := formErrorsOf(err)
	if !ok {
		return nil, err
	}
	return show(errs)
}

// elementPrefix names the element of a list that "[2]" refers to: what was typed, or the
// third.
func (e formErrors) elementPrefix(name, rest string) string {
	index, _, _ := strings.Cut(strings.TrimPrefix(rest, "["), "]")
	n, err := strconv.Atoi(index)
	if err != nil {
		return ""
	}
	items := e.typed[name]
	if len(items) == 1 {
		items = field.SplitList(items[0])
	}
	if n >= 0 && n < len(items) {
		return "“" + items[n] + "”: "
	}
	return fmt.Sprintf("entry %d: ", n+1)
}

// problem is one line of the summary above a form.
type problem struct {
	// Href leads to the field; empty when it concerns none.
	Href string
	Text string
}

// summary lists all errors, with the labels of their fields.
func (e formErrors) summary(labels map[string]string) []problem {
	all := make([]problem, 0, len(e.general)+len(e.fields))
	for _, text := range e.general {
		all = append(all, problem{Text: text})
	}
	for _, f := range e.fields {
		name, rest := f.Field, ""
		if _, known := labels[name]; !known {
			list, _, _ := strings.Cut(name, "[")
			name, rest = list, name[len(list):]
		}
		label, known := labels[name]
		if !known {
			all = append(all, problem{Text: sentence(f.String())})
			continue
		}
		all = append(all, problem{Href: "#" + fieldID(name), Text: label + ": " + e.elementPrefix(name, rest) + f.Message})
	}
	return all
}
