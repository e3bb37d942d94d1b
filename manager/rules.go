package manager

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
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
			Holds:   func(s string) bool { return namePattern.MatchString(s) && FoldName(s) != "general" },
			Message: "use 1 to 79 letters, digits, dots, dashes and underscores, beginning with a letter or digit; general is reserved by Asterisk",
		},
		validate.Rule{
			Tag:     "acl_name",
			Holds:   wordPattern.MatchString,
			Message: "name a list of acl.conf: letters, digits, dashes and underscores",
		},
	)
}

// check returns everything that is wrong with u, in the order of its fields.
func (s *Service) check(u *User) error {
	refused := s.rules.Struct(u)
	refused = append(refused, checkSecret(u.Secret)...)
	refused = append(refused, checkNetworks("deny", u.Deny)...)
	refused = append(refused, checkNetworks("permit", u.Permit)...)
	refused = append(refused, checkPrivileges("read", u.Read)...)
	refused = append(refused, checkPrivileges("write", u.Write)...)
	for i, filter := range u.EventFilters {
		for _, e := range filter.check() {
			e.Field = fmt.Sprintf("event_filters[%d].%s", i, e.Field)
			refused = append(refused, e)
		}
	}
	return store.Invalid(refused...)
}

// checkSecret refuses what AMI or manager.conf would not carry unchanged.
func checkSecret(secret store.Secret) []store.FieldError {
	value := secret.Reveal()
	refuse := func(code, message string) []store.FieldError {
		return []store.FieldError{{Field: "secret", Code: code, Message: message}}
	}
	switch {
	case len(value) < MinSecretLength:
		return refuse("min", fmt.Sprintf("at least %d characters are needed; leave it out to have one generated", MinSecretLength))
	case len(value) > MaxSecretLength:
		return refuse("max", fmt.Sprintf("at most %d bytes are allowed", MaxSecretLength))
	}
	if err := asteriskconf.CheckLine("secret", value); err != nil {
		return refuse("characters", "leave out control characters, invalid UTF-8, and spaces at either end")
	}
	return nil
}

// checkNetworks refuses the zero Network, which only a program can make.
func checkNetworks(field string, networks []Network) []store.FieldError {
	var refused []store.FieldError
	for i, n := range networks {
		if !n.Prefix().IsValid() {
			refused = append(refused, store.FieldError{
				Field: fmt.Sprintf("%s[%d]", field, i), Code: "network", Message: "this range of addresses is empty",
			})
		}
	}
	return refused
}

func checkPrivileges(field string, p Privileges) []store.FieldError {
	if AllPrivileges.Has(p) {
		return nil
	}
	return []store.FieldError{{Field: field, Code: "privilege", Message: "this holds a class that Asterisk does not have"}}
}

// check returns what is wrong with the filter. Asterisk drops a filter that it
// cannot read, warns in its log, and then sends the account every event: what
// is accepted here must be readable there.
func (f EventFilter) check() []store.FieldError {
	var refused []store.FieldError
	refuse := func(field, code, message string) {
		refused = append(refused, store.FieldError{Field: field, Code: code, Message: message})
	}
	if f.Action != Include && f.Action != Exclude {
		refuse("action", "oneof", "write include or exclude")
	}
	if f.Event != "" && !wordPattern.MatchString(f.Event) {
		refuse("event", "word", "write the exact name of an event, such as Newchannel")
	}
	if f.Header != "" && !wordPattern.MatchString(f.Header) {
		refuse("header", "word", "write the exact name of a header, such as Channel")
	}
	switch f.Method {
	case MatchNone:
		if f.Match != "" {
			refuse("match", "unexpected", "leave this empty, or choose a method other than none")
		}
		if f.Event == "" && f.Header == "" {
			refuse("event", "required", "name an event or a header, or choose a method other than none")
		}
	case MatchExact, MatchStartsWith, MatchEndsWith, MatchContains, MatchRegex:
		refused = append(refused, f.checkMatch()...)
	default:
		refuse("method", "oneof", "write none, exact, starts_with, ends_with, contains or regex")
	}
	return refused
}

func (f EventFilter) checkMatch() []store.FieldError {
	refuse := func(code, message string) []store.FieldError {
		return []store.FieldError{{Field: "match", Code: code, Message: message}}
	}
	switch {
	case f.Match == "":
		return refuse("required", "write what to compare with, or choose the method none")
	case len(f.Match) > MaxMatchLength:
		return refuse("max", fmt.Sprintf("at most %d bytes are allowed", MaxMatchLength))
	case strings.HasPrefix(f.Match, "!"):
		return refuse("exclamation", "Asterisk takes a ! in front for itself; use the action exclude, or [!] in a regular expression")
	case asteriskconf.CheckLine("eventfilter", f.Match) != nil:
		return refuse("characters", "leave out control characters, invalid UTF-8, and spaces at either end")
	}
	if f.Method == MatchRegex {
		if reason := checkRegex(f.Match); reason != "" {
			return refuse("regex", reason)
		}
	}
	return nil
}
