package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// formErrors are what a service did not take of a form.
type formErrors struct {
	status int
	// general concern no field.
	general []string
	fields  []store.FieldError
}

// formErrorsOf returns what err says about a form; false when err is not about
// what was typed, and needs a page of its own.
func formErrorsOf(err error) (formErrors, bool) {
	var invalid *store.InvalidError
	var exists *store.AlreadyExistsError
	switch {
	case errors.As(err, &invalid):
		return formErrors{status: http.StatusUnprocessableEntity, fields: invalid.Fields}, true
	case errors.As(err, &exists):
		message := strings.TrimPrefix(exists.Error(), exists.Field+": ")
		message = strings.ReplaceAll(message, exists.Field, strings.ReplaceAll(exists.Field, "_", " "))
		fieldErr := store.FieldError{Field: exists.Field, Code: "exists", Message: message}
		return formErrors{status: http.StatusUnprocessableEntity, fields: []store.FieldError{fieldErr}}, true
	case errors.Is(err, store.ErrForbidden):
		return formErrors{status: http.StatusForbidden, general: []string{sentence(err.Error())}}, true
	case errors.Is(err, store.ErrRateLimited):
		return formErrors{status: http.StatusTooManyRequests, general: []string{sentence(err.Error())}}, true
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrInUse):
		return formErrors{status: http.StatusConflict, general: []string{sentence(err.Error())}}, true
	}
	return formErrors{}, false
}

// override puts what was refused here in place of what a service says about the same
// fields.
func (r formErrors) override(overrides []store.FieldError) formErrors {
	overridden := map[string]bool{}
	for _, f := range overrides {
		overridden[f.Field] = true
	}
	all := overrides
	for _, f := range r.fields {
		if !overridden[f.Field] {
			all = append(all, f)
		}
	}
	r.fields = all
	return r
}

// forField returns what was refused about a field, its elements and their parts.
func (r formErrors) forField(name string) []string {
	var messages []string
	for _, f := range r.fields {
		if rest, ok := strings.CutPrefix(f.Field, name); ok && (rest == "" || rest[0] == '[' || rest[0] == '.') {
			messages = append(messages, elementPrefix(rest)+f.Message)
		}
	}
	return messages
}

// elementPrefix says which element of a list is meant by "[2]": the third.
func elementPrefix(rest string) string {
	index, _, _ := strings.Cut(strings.TrimPrefix(rest, "["), "]")
	n, err := strconv.Atoi(index)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("entry %d: ", n+1)
}

// problem is one line of the summary above a form.
type problem struct {
	// Href leads to the field; empty when it concerns none.
	Href string
	Text string
}

// summary lists all refusals, in the words of the labels.
func (r formErrors) summary(labels map[string]string) []problem {
	all := make([]problem, 0, len(r.general)+len(r.fields))
	for _, text := range r.general {
		all = append(all, problem{Text: text})
	}
	for _, f := range r.fields {
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
		all = append(all, problem{Href: "#" + fieldID(name), Text: label + ": " + elementPrefix(rest) + f.Message})
	}
	return all
}
