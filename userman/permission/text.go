package permission

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/pbxusers/pbxusers/store"
)

const (
	// noItems is the text of a list without items.
	noItems = "none"
	// maxValueText bounds the text to parse, in bytes. [MaxItems] of the longest
	// items fit.
	maxValueText = MaxItems * (4*maxItemLength + 2)
)

// String returns the form that [ParseValue] reads: "on", "off", "self, 1002" for
// [Set], "+ 1002" with a leading plus and space for [Append], and "none" for a
// Set without items.
func (v Value) String() string {
	switch v.mode {
	case modeOn:
		return "on"
	case modeSet:
		if len(v.items) == 0 {
			return noItems
		}
		return strings.Join(canonicalItems(v.items), ", ")
	case modeAppend:
		return strings.TrimSpace("+ " + strings.Join(canonicalItems(v.items), ", "))
	default:
		return "off"
	}
}

// ParseValue parses a value as people write it. It ignores surrounding spaces and
// the case of keywords. Commas separate items; spaces do too, except in
// [KindStrings]. A leading plus means [Append]. In [KindNumbers] the plus may
// belong to the first number: there Append needs "+ " or "++".
// ParseValue returns a [store.InvalidError] on "value" if the text is invalid.
func ParseValue(kind Kind, text string) (Value, error) {
	if len(text) > maxValueText {
		return valueError(store.CodeMax, fmt.Sprintf("at most %d bytes are read; write fewer items", maxValueText))
	}
	text = strings.TrimSpace(text)
	if kind == KindBool {
		return parseBool(text)
	}
	list, isAppend := strings.CutPrefix(text, "+")
	if isAppend && kind == KindNumbers && startsWithDigit(list) {
		list, isAppend = text, false
	}
	switch {
	case text == "":
		return valueError(store.CodeRequired, "write items with commas between, or none for a list without any")
	case strings.EqualFold(text, noItems):
		return Set(), nil
	}
	v := Value{mode: modeSet, items: splitItems(kind, list)}
	if isAppend {
		v.mode = modeAppend
	}
	if errs := kind.validate("value", v); len(errs) > 0 {
		return valueError(errs[0].Code, errs[0].Message)
	}
	return v.Normalized(), nil
}

func valueError(code, message string) (Value, error) {
	return Value{}, store.NewInvalidError(store.FieldError{Field: "value", Code: code, Message: message})
}

func parseBool(text string) (Value, error) {
	switch strings.ToLower(text) {
	case "on", "yes", "true":
		return On(), nil
	case "off", "no", "false":
		return Off(), nil
	}
	return valueError(store.CodeKind, "write on or off")
}

func startsWithDigit(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

// splitItems splits a list into its items and converts keywords to lower case.
func splitItems(kind Kind, list string) []string {
	items := []string{}
	for item := range strings.FieldsFuncSeq(list, func(r rune) bool {
		return r == ',' || kind != KindStrings && unicode.IsSpace(r)
	}) {
		item = strings.TrimSpace(item)
		if keyword := strings.ToLower(item); keywordRank(keyword) < keywordRank("") {
			item = keyword
		}
		if item != "" {
			items = append(items, item)
		}
	}
	return items
}
