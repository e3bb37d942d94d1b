package manager

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// namePattern limits names to one word of the console that needs no escape in
// any file and fits Asterisk's buffer.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,78}$`)

// wordPattern limits the names of events, headers and named ACLs: the parser of
// eventfilter splits at blanks, commas and parentheses.
var wordPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,79}$`)

// newValidator returns the rules for the struct tags of an Account.
func newValidator() *validate.Validator {
	return validate.New(
		validate.Rule{
			Tag:     store.CodeAMIName,
			Valid:   func(s string) bool { return namePattern.MatchString(s) && FoldName(s) != "general" },
			Message: "use 1 to 79 letters, digits, dots, dashes and underscores, beginning with a letter or digit; general is reserved",
		},
		validate.Rule{
			Tag:     store.CodeACLName,
			Valid:   wordPattern.MatchString,
			Message: "enter the name of a list in acl.conf: letters, digits, dashes and underscores",
		},
	)
}

// validateAccount returns every invalid field of a, in field order.
func (s *Service) validateAccount(a *Account) error {
	errs := append(Fields().Validate(a, s.rules.Var), s.rules.Struct(a)...)
	errs = append(errs, checkSecret(a.Secret)...)
	errs = append(errs, checkNetworks("deny", a.Deny)...)
	errs = append(errs, checkNetworks("permit", a.Permit)...)
	errs = append(errs, checkPrivileges("read", a.Read)...)
	errs = append(errs, checkPrivileges("write", a.Write)...)
	for i, filter := range a.EventFilters {
		for _, e := range filter.validate() {
			e.Field = fmt.Sprintf("event_filters[%d].%s", i, e.Field)
			errs = append(errs, e)
		}
	}
	return store.NewInvalidError(errs...)
}

// checkSecret rejects a secret that AMI or manager.conf would change.
func checkSecret(secret store.Secret) []store.FieldError {
	value := secret.Reveal()
	fieldErr := func(code, message string) []store.FieldError {
		return []store.FieldError{{Field: "secret", Code: code, Message: message}}
	}
	switch {
	case len(value) < MinSecretLength:
		return fieldErr(store.CodeMin, fmt.Sprintf("use at least %d characters, or leave it empty to generate a secret", MinSecretLength))
	case len(value) > MaxSecretLength:
		return fieldErr(store.CodeMax, fmt.Sprintf("at most %d bytes", MaxSecretLength))
	}
	if err := dialect.CheckLine("secret", value); err != nil {
		return fieldErr(store.CodeCharacters, "remove control characters, invalid UTF-8, and spaces at either end")
	}
	return nil
}

// checkNetworks rejects the zero Network, which only a program can create.
func checkNetworks(field string, networks []Network) []store.FieldError {
	var errs []store.FieldError
	for i, n := range networks {
		if !n.Prefix().IsValid() {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("%s[%d]", field, i), Code: store.CodeNetwork, Message: "the address range is empty",
			})
		}
	}
	return errs
}

func checkPrivileges(field string, p Privileges) []store.FieldError {
	if AllPrivileges.Has(p) {
		return nil
	}
	return []store.FieldError{{Field: field, Code: store.CodePrivilege, Message: "unknown privilege class"}}
}

// validate returns the invalid fields of the filter. Asterisk drops a filter
// that it cannot parse, logs a warning, and then sends every event. Therefore
// an accepted filter must be valid in Asterisk.
func (f EventFilter) validate() []store.FieldError {
	var errs []store.FieldError
	addErr := func(field, code, message string) {
		errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
	}
	if f.Action != Include && f.Action != Exclude {
		addErr("action", store.CodeOneOf, "must be include or exclude")
	}
	if f.Event != "" && !wordPattern.MatchString(f.Event) {
		addErr("event", store.CodeWord, "enter the exact name of an event, such as Newchannel")
	}
	if f.Header != "" && !wordPattern.MatchString(f.Header) {
		addErr("header", store.CodeWord, "enter the exact name of a header, such as Channel")
	}
	switch f.Method {
	case MatchNone:
		if f.Match != "" {
			addErr("match", store.CodeUnexpected, "leave empty, or choose a method other than none")
		}
		if f.Event == "" && f.Header == "" {
			addErr("event", store.CodeRequired, "enter an event or a header, or choose a method other than none")
		}
	case MatchExact, MatchStartsWith, MatchEndsWith, MatchContains, MatchRegex:
		errs = append(errs, f.validateMatch()...)
	default:
		addErr("method", store.CodeOneOf, "must be none, exact, starts_with, ends_with, contains or regex")
	}
	return errs
}

func (f EventFilter) validateMatch() []store.FieldError {
	fieldErr := func(code, message string) []store.FieldError {
		return []store.FieldError{{Field: "match", Code: code, Message: message}}
	}
	switch {
	case f.Match == "":
		return fieldErr(store.CodeRequired, "enter the text to compare with, or choose the method none")
	case len(f.Match) > MaxMatchLength:
		return fieldErr(store.CodeMax, fmt.Sprintf("at most %d bytes", MaxMatchLength))
	case strings.HasPrefix(f.Match, "!"):
		return fieldErr(store.CodeExclamation, "Asterisk gives a leading ! a special meaning; use the action exclude, or [!] in a regular expression")
	case dialect.CheckLine("eventfilter", f.Match) != nil:
		return fieldErr(store.CodeCharacters, "remove control characters, invalid UTF-8, and spaces at either end")
	}
	if f.Method == MatchRegex {
		if reason := checkRegex(f.Match); reason != "" {
			return fieldErr(store.CodeRegex, reason)
		}
	}
	return nil
}
