// Package validate turns the struct tags of our models into refusals in the
// words of package store. It is the glue around validator/v10, and holds no
// rule of any domain: each package brings its own tags.
package validate

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"golang.org/x/text/unicode/norm"

	"github.com/pbxusers/pbxusers/store"
)

// Rule is a tag of ours. It judges strings, and types that print as one.
type Rule struct {
	// Tag is the word in the struct tag, and the code of the refusal.
	Tag string
	// Valid reports whether the value is acceptable.
	Valid func(value string) bool
	// Message is the sentence of the refusal.
	Message string
}

// Validator checks the structs of one package.
type Validator struct {
	engine   *validator.Validate
	messages map[string]string
}

// New returns a validator that knows the standard tags and the given rules.
// A rule that cannot be registered is a mistake in the program: it panics.
func New(rules ...Rule) *Validator {
	v := &Validator{
		engine:   validator.New(validator.WithRequiredStructEnabled()),
		messages: make(map[string]string, len(rules)),
	}
	v.engine.RegisterTagNameFunc(jsonName)
	for _, rule := range append(rules, PlainLine(), PlainText()) {
		valid := rule.Valid
		err := v.engine.RegisterValidation(rule.Tag, func(fl validator.FieldLevel) bool {
			return valid(fl.Field().String())
		})
		if err != nil {
			panic(fmt.Sprintf("validate: rule %q: %v", rule.Tag, err))
		}
		v.messages[rule.Tag] = rule.Message
	}
	return v
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "-" || name == "" {
		return strings.ToLower(field.Name)
	}
	return name
}

// Struct returns what the tags of the struct refuse, in the order of its
// fields; nil when nothing.
func (v *Validator) Struct(value any) []store.FieldError {
	var verrs validator.ValidationErrors
	if !errors.As(v.engine.Struct(value), &verrs) {
		return nil
	}
	errs := make([]store.FieldError, len(verrs))
	for i, e := range verrs {
		_, field, _ := strings.Cut(e.Namespace(), ".")
		errs[i] = store.FieldError{Field: field, Code: e.Tag(), Message: v.message(e)}
	}
	return errs
}

// Var returns what a rule, written as a struct tag, rejects about the value of the
// field of that name; nil when nothing. The elements of a list are name[0] and so on.
func (v *Validator) Var(name string, value any, rule string) []store.FieldError {
	var verrs validator.ValidationErrors
	if !errors.As(v.engine.Var(value, rule), &verrs) {
		return nil
	}
	errs := make([]store.FieldError, len(verrs))
	for i, e := range verrs {
		errs[i] = store.FieldError{Field: name + e.Namespace(), Code: e.Tag(), Message: v.message(e)}
	}
	return errs
}

// message words the refusal of a standard tag, or of one of ours.
func (v *Validator) message(e validator.FieldError) string {
	if message, ok := v.messages[e.Tag()]; ok {
		return message
	}
	unit := map[reflect.Kind]string{reflect.String: " characters", reflect.Slice: " entries"}[e.Kind()]
	switch e.Tag() {
	case store.CodeRequired:
		return "this field must be filled in"
	case store.CodeMin:
		return "at least " + e.Param() + unit + " are needed"
	case store.CodeMax:
		return "at most " + e.Param() + unit + " are allowed"
	case store.CodeOneOf:
		return "this must be one of " + strings.ReplaceAll(e.Param(), " ", ", ")
	}
	return "this value does not fit the rule " + e.Tag()
}

// PlainLine is the tag plain_line: one line of readable text.
func PlainLine() Rule {
	return Rule{
		Tag:     store.CodePlainLine,
		Valid:   func(s string) bool { return readable(s, "") },
		Message: "write one line of text without control characters",
	}
}

// SanitizeLine returns text on one line, without control characters, for mail
// headers and configuration lines.
func SanitizeLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
}

// NormalizeText returns text in NFC without spaces around it. A text of more than
// limit bytes stays as it is: the rules reject it.
func NormalizeText(text string, limit int) string {
	if len(text) > limit {
		return text
	}
	return norm.NFC.String(strings.TrimSpace(text))
}

// PlainText is the tag plain_text: readable text that may have several lines.
func PlainText() Rule {
	return Rule{
		Tag:     store.CodePlainText,
		Valid:   func(s string) bool { return readable(s, "\n\t") },
		Message: "write text without control characters",
	}
}

// Extension is the tag extension: the number of an extension.
func Extension() Rule {
	return Rule{
		Tag:     store.CodeExtension,
		Valid:   isExtension,
		Message: "an extension is 1 to 20 digits",
	}
}

func isExtension(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}

// readable reports whether s is UTF-8 with no control character but those
// allowed, and nothing that reorders or hides text.
func readable(s, allowed string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if strings.ContainsRune(allowed, r) {
			continue
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return false
		}
	}
	return true
}
