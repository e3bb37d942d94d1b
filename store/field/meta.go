package field

import (
	"slices"
	"strconv"
	"strings"
)

// Format is the format of the texts of a field or list. Adapters choose an input
// mode, a JSON Schema format or a normalization by it.
type Format string

// The formats. A field without a format is one line of text.
const (
	FormatUsername  Format = "username"
	FormatEmail     Format = "email"
	FormatPhone     Format = "phone"
	FormatExtension Format = "extension"  // digits
	FormatLanguage  Format = "language"   // a BCP 47 tag
	FormatTimeZone  Format = "time_zone"  // an IANA name
	FormatMultiline Format = "multi_line" // text of several lines, or a list with one element per line in forms
	FormatChoice    Format = "choice"     // elements of a set that the product knows, which forms offer as checkboxes
)

// Meta describes a field for schemas, forms, command-line flags and documents.
type Meta struct {
	// Label is the name on pages, in sentence case, such as "Display name".
	Label string
	// Help is one or more sentences about the purpose of the field or its format.
	Help string
	// Section is the heading of the field in a form. A field without a section
	// is not in forms.
	Section string
	// Placeholder names the value in usage texts, such as "NUMBER". Defaults to
	// "TEXT", "LIST" and so on.
	Placeholder string
	// Example is a value as [Parse] reads it.
	Example string
	// Column is the name of the SQL column. Defaults to Name; it differs where
	// SQL reserves the name.
	Column string
	// Format is the format of the texts.
	Format Format
	// Default is the value of a new record without one. Defaults to the zero value.
	Default Value
	// Search says that a search looks through the value.
	Search bool
	// Sort says that lists can be sorted by the field.
	Sort bool
	// Directory says that an external directory can set the field.
	Directory bool
	// Immutable says that the field is set when the record is created and never
	// changes.
	Immutable bool

	// The constructor of the field sets the following fields.

	// Name is the name in JSON, SQL, CSV and forms, such as "display_name".
	Name string
	// Kind is the type of the value.
	Kind Kind
	// Rule is the validator tag of the value, such as "max=40,phone". An empty
	// rule accepts everything.
	Rule string
	// Required says that the rule rejects an empty value.
	Required bool
	// Min and Max are the bounds of the rule: characters of a text, elements of
	// a list, or the number itself. 0 is no bound. A rule with omitempty accepts
	// the zero value as well, see Optional.
	Min, Max int
	// MaxElement bounds the characters of each element of a list. 0 is no bound.
	MaxElement int
	// Optional says that the rule accepts the zero value in addition to the values
	// of its other tags.
	Optional bool
	// OneOf lists the values that the rule accepts, where it names them.
	OneOf []string
}

// Flag returns the name of the command-line flag: the name with dashes.
func (m Meta) Flag() string { return strings.ReplaceAll(m.Name, "_", "-") }

// complete returns the description with what the constructor knows.
func (m Meta) complete(name, rule string, kind Kind) Meta {
	m.Name, m.Rule, m.Kind = name, rule, kind
	if m.Placeholder == "" {
		m.Placeholder = strings.ToUpper(string(kind))
	}
	if m.Column == "" {
		m.Column = name
	}
	of, each, _ := strings.Cut(rule, "dive")
	tags := strings.Split(of, ",")
	m.Required, m.Optional = slices.Contains(tags, "required"), slices.Contains(tags, "omitempty")
	m.Min, m.Max, m.MaxElement = bound(of, "min"), bound(of, "max"), bound(each, "max")
	if values := parameter(of, "oneof"); values != "" {
		m.OneOf = strings.Fields(values)
	}
	return m
}

// bound returns the number of a tag such as "max=40"; 0 without one.
func bound(rule, tag string) int {
	n, err := strconv.Atoi(parameter(rule, tag))
	if err != nil {
		return 0
	}
	return n
}

// parameter returns what follows "tag=" in a rule; "" without such a tag.
func parameter(rule, tag string) string {
	for part := range strings.SplitSeq(rule, ",") {
		if value, ok := strings.CutPrefix(part, tag+"="); ok {
			return value
		}
	}
	return ""
}
