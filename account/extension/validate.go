package extension

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// transportPattern is what the name of a section of pjsip.conf can be in a list.
var transportPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,79}$`)

// newValidator returns the rules for the fields of an Extension.
func newValidator() *validate.Validator {
	return validate.New(
		validate.Extension(),
		validate.Rule{
			Tag:     store.CodeCallerName,
			Valid:   isCallerName,
			Message: `write one line of text without quotation marks ("), angle brackets, backslashes and control characters`,
		},
		validate.Rule{
			Tag:     store.CodeTransport,
			Valid:   transportPattern.MatchString,
			Message: "enter the name of a transport in pjsip.conf: letters, digits, dashes and underscores",
		},
	)
}

// isCallerName reports whether Asterisk passes a name on unchanged: it ends a name at a
// quotation mark or an angle bracket (ast_callerid_parse in main/callerid.c).
func isCallerName(name string) bool {
	return validate.PlainLine().Valid(name) && !strings.ContainsAny(name, "\"<>\\")
}

// normalize brings e to the form that is stored.
func normalize(e *Extension) *Extension {
	Fields().Normalize(e, func(m field.Meta, text string) string {
		return validate.NormalizeText(text, 4*max(m.Max, m.MaxElement, MaxNumberLength))
	})
	if e.Type == "" {
		e.Type = TypeDeskPhone
	}
	e.Codecs = withoutDuplicates(e.Codecs)
	if len(e.Codecs) == 0 {
		e.Codecs = DefaultCodecs()
	}
	if e.Devices == nil {
		e.Devices = []Device{}
	}
	return e
}

// withoutDuplicates returns the texts in their order, each once.
func withoutDuplicates(texts []string) []string {
	var once []string
	for _, text := range texts {
		if !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

// validate returns every invalid field of e, in field order.
func (s *Service) validate(e *Extension) error {
	errs := Fields().Validate(e, s.rules.Var)
	if len(e.Devices) > MaxDevices {
		errs = append(errs, store.FieldError{Field: "devices", Code: store.CodeMax, Message: fmt.Sprintf("at most %d devices are possible; remove one first", MaxDevices)})
	}
	for i, d := range e.Devices {
		errs = append(errs, s.rules.Var(fmt.Sprintf("devices[%d].label", i), d.Label, fmt.Sprintf("max=%d,plain_line", MaxLabelLength))...)
	}
	return store.NewInvalidError(errs...)
}
