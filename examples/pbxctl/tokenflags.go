package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// tokenFlags are the fields of a token, each a flag of the field's name.
type tokenFlags struct {
	token      userman.Token
	extensions []string
	modules    []string
	addresses  []string
}

func (f *tokenFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.token.Description, "description", "", "`TEXT` for people: what uses it")
	flags.StringArrayVar(&f.extensions, "extensions", nil, "`EXTENSIONS` of the person that it reaches, or all, as a new one does; may be repeated")
	flags.StringArrayVar(&f.modules, "modules", nil, "`MODULES` that it reaches, such as voicemail,contacts, or all, as a new one does; may be repeated")
	flags.IntVar(&f.token.RequestsPerHour, "requests-per-hour", userman.DefaultRequestsPerHour, "`NUMBER` of requests in an hour; -1 without a bound")
	flags.StringArrayVar(&f.addresses, "addresses", nil, "`ADDRESSES` and networks that it may be used from; none means everywhere; may be repeated")
	flags.Var((*optionalTimeFlag)(&f.token.ExpiresAt), "expires-at", "`TIME` at which it stops to work, such as 2027-01-31 or 2027-01-31T17:00:00Z; '' for never")
	flags.BoolVar(&f.token.Disabled, "disabled", false, "keep it from working")
}

// optionalTimeFlag is a time as a flag, or none.
type optionalTimeFlag time.Time

// String returns nothing for the zero time.
func (e *optionalTimeFlag) String() string { return (*timeFlag)(e).String() }

// Type is what the flag holds.
func (e *optionalTimeFlag) Type() string { return "time" }

// Set takes what a moment does, or nothing.
func (e *optionalTimeFlag) Set(text string) error {
	if text == "" {
		*e = optionalTimeFlag{}
		return nil
	}
	return (*timeFlag)(e).Set(text)
}

// tokenFields are the fields whose flags were given.
type tokenFields struct {
	flags *pflag.FlagSet
	from  userman.Token
	// fieldErrs are those that cannot be read; they are left out of from.
	fieldErrs flagErrors
}

func (f *tokenFlags) parse(flags *pflag.FlagSet) *tokenFields {
	fields := &tokenFields{flags: flags, from: f.token}
	fields.from.Extensions, fields.from.Modules = splitValues(f.extensions), splitValues(f.modules)
	for _, list := range []struct {
		name  string
		given []string
	}{{"extensions", fields.from.Extensions}, {"modules", fields.from.Modules}} {
		if flags.Changed(list.name) && len(list.given) == 0 {
			// Such as an unset variable of a script: none would be all.
			fields.fieldErrs = append(fields.fieldErrs, store.FieldError{
				Field: list.name, Code: "required", Message: "name " + list.name + ", or all; to take the last one away, disable or delete the token",
			})
		}
	}
	for i, text := range splitValues(f.addresses) {
		network, err := userman.ParseNetwork(text)
		if err != nil {
			fields.fieldErrs = append(fields.fieldErrs, store.FieldError{Field: fmt.Sprintf("addresses[%d]", i), Code: "network", Message: err.Error()})
			continue
		}
		fields.from.Addresses = append(fields.from.Addresses, network)
	}
	return fields
}

// set sets the fields of to that were given. It may run more than once.
func (f *tokenFields) set(to *userman.Token) {
	for name, set := range map[string]func(){
		"description":       func() { to.Description = f.from.Description },
		"extensions":        func() { to.Extensions = changedOr(f.from.Extensions, to.Extensions) },
		"modules":           func() { to.Modules = changedOr(f.from.Modules, to.Modules) },
		"requests-per-hour": func() { to.RequestsPerHour = f.from.RequestsPerHour },
		"addresses":         func() { to.Addresses = slices.Clone(f.from.Addresses) },
		"expires-at":        func() { to.ExpiresAt = f.from.ExpiresAt },
		"disabled":          func() { to.Disabled = f.from.Disabled },
	} {
		if f.flags.Changed(name) {
			set()
		}
	}
}

// changedOr returns those that were given; none were refused.
func changedOr(given, before []string) []string {
	if len(given) == 0 {
		return before
	}
	return slices.Clone(given)
}
