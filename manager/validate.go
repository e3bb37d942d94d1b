package manager

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// namePattern keeps names to one word of the console, to what needs no escape
// in any file, and to the buffer that Asterisk copies them into.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,78}$`)

// wordPattern is what an event, a header or a named ACL may be called: the
// parser of eventfilter cuts at blanks, commas and parentheses.
var wordPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,79}$`)

// newValidator returns the rules of the fields of a User that a struct tag
// can say.
func newValidator() *validate.Validator {
	return validate.New(
		validate.Rule{
			Tag:     "ami_name",
			Valid:   func(s string) bool { return namePattern.MatchString(s) && FoldName(s) != "general" },
			Message: "use 1 to 79 letters, digits, dots, dashes and underscores, beginning with a letter or digit; general is reserved by Asterisk",
		},
		validate.Rule{
			Tag:     "acl_name",
			Valid:   wordPattern.MatchString,
			Message: "name a list of acl.conf: letters, digits, dashes and underscores",
		},
	)
}

// validateAccount returns everything that is wrong with u, in the order of its fields.
func (s *Service) validateAccount(a *Account) error {
	errs := s.rules.Struct(a)
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

// checkSecret refuses what AMI or manager.conf would not carry unchanged.
func checkSecret(secret store.Secret) []store.FieldError {
	value := secret.Reveal()
	fieldErr := func(code, message string) []store.FieldError {
		return []store.FieldError{{Field: "secret", Code: code, Message: message}}
	}
	switch {
	case len(value) < MinSecretLength:
		return fieldErr("min", fmt.Sprintf("at least %d characters are needed; leave it out to have one generated", MinSecretLength))
	case len(value) > MaxSecretLength:
		return fieldErr("max", fmt.Sprintf("at most %d bytes are allowed", MaxSecretLength))
	}
	if err := dialect.CheckLine("secret", value); err != nil {
		return fieldErr("characters", "leave out control characters, invalid UTF-8, and spaces at either end")
	}
	return nil
}

// checkNetworks refuses the zero Network, which only a program can make.
func checkNetworks(field string, networks []Network) []store.FieldError {
	var errs []store.FieldError
	for i, n := range networks {
		if !n.Prefix().IsValid() {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("%s[%d]", field, i), Code: "network", Message: "this range of addresses is empty",
			})
		}
	}
	return errs
}

func checkPrivileges(field string, p Privileges) []store.FieldError {
	if AllPrivileges.Has(p) {
		return nil
	}
	return []store.FieldError{{Field: field, Code: "privilege", Message: "this holds a class that Asterisk does not have"}}
}

// validate returns what is wrong with the filter. Asterisk drops a filter that it
// cannot read, warns in its log, and then sends the account every event: what
// is accepted here must be readable there.
func (f EventFilter) validate() []store.FieldError {
	var errs []store.FieldError
	addErr := func(field, code, message string) {
		errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
	}
	if f.Action != Include && f.Action != Exclude {
		addErr("action", "oneof", "write include or exclude")
	}
	if f.Event != "" && !wordPattern.MatchString(f.Event) {
		addErr("event", "word", "write the exact name of an event, such as Newchannel")
	}
	if f.Header != "" && !wordPattern.MatchString(f.Header) {
		addErr("header", "word", "write the exact name of a header, such as Channel")
	}
	switch f.Method {
	case MatchNone:
		if f.Match != "" {
			addErr("match", "unexpected", "leave this empty, or choose a method other than none")
		}
		if f.Event == "" && f.Header == "" {
			addErr("event", "required", "name an event or a header, or choose a method other than none")
		}
	case MatchExact, MatchStartsWith, MatchEndsWith, MatchContains, MatchRegex:
		errs = append(errs, f.validateMatch()...)
	default:
		addErr("method", "oneof", "write none, exact, starts_with, ends_with, contains or regex")
	}
	return errs
}

func (f EventFilter) validateMatch() []store.FieldError {
	fieldErr := func(code, message string) []store.FieldError {
		return []store.FieldError{{Field: "match", Code: code, Message: message}}
	}
	switch {
	case f.Match == "":
		return fieldErr("required", "write what to compare with, or choose the method none")
	case len(f.Match) > MaxMatchLength:
		return fieldErr("max", fmt.Sprintf("at most %d bytes are allowed", MaxMatchLength))
	case strings.HasPrefix(f.Match, "!"):
		return fieldErr("exclamation", "Asterisk takes a ! in front for itself; use the action exclude, or [!] in a regular expression")
	case dialect.CheckLine("eventfilter", f.Match) != nil:
		return fieldErr("characters", "leave out control characters, invalid UTF-8, and spaces at either end")
	}
	if f.Method == MatchRegex {
		if reason := checkRegex(f.Match); reason != "" {
			return fieldErr("regex", reason)
		}
	}
	return nil
}
