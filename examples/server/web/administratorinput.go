package web

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
)

// administratorInput is what the form of an administrator holds.
type administratorInput struct {
	DisplayName, Access, Extensions, DIDs, Teams string
	Sections                                     []string
}

func readAdministrator(form url.Values) administratorInput {
	return administratorInput{
		DisplayName: form.Get("display_name"), Access: form.Get("access"),
		Extensions: form.Get("extensions"), DIDs: form.Get("dids"), Teams: form.Get("teams"),
		Sections: form["sections"],
	}
}

func inputOfAdministrator(a *ampusers.Administrator) administratorInput {
	return administratorInput{
		DisplayName: a.DisplayName, Access: string(a.Access),
		Extensions: a.Extensions.String(), DIDs: a.DIDs.String(), Teams: strings.Join(a.Teams, ", "),
		Sections: slices.Clone(a.Sections),
	}
}

// fill puts the form into a. What narrows a Limited administrator is not kept
// of a Full one: the form hides it then.
func (in administratorInput) fill(a *ampusers.Administrator) error {
	a.DisplayName, a.Access = in.DisplayName, ampusers.AccessLevel(in.Access)
	if a.Access == ampusers.Full {
		a.Sections, a.Teams = nil, nil
		a.Extensions, a.DIDs = scope.Ranges{}, scope.Ranges{}
		return nil
	}
	a.Sections, a.Teams = in.Sections, splitList(in.Teams)
	var errs []store.FieldError
	a.Extensions, errs = parseRanges("extensions", in.Extensions, errs)
	a.DIDs, errs = parseRanges("dids", in.DIDs, errs)
	return store.NewInvalidError(errs...)
}

func parseRanges(name, text string, errs []store.FieldError) (scope.Ranges, []store.FieldError) {
	ranges, err := scope.ParseRanges(text)
	if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
		for _, f := range invalid.Fields {
			f.Field = name
			errs = append(errs, f)
		}
	}
	return ranges, errs
}

// splitList splits a list at commas and line breaks, and leaves out what is blank.
func splitList(text string) []string {
	var all []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		if word = strings.TrimSpace(word); word != "" {
			all = append(all, word)
		}
	}
	return all
}
