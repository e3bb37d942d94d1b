package userman

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/pbxusers/pbxusers/store"
)

const (
	// noItems is what a list without items is called.
	noItems = "none"
	// maxValueText bounds what is read, in bytes: [MaxItems] of the longest
	// items fit.
	maxValueText = MaxItems * (4*maxItemLength + 2)
)

// String returns what [ParseValue] reads: "on", "off", "self, 1002" for
// Replace, "+ 1002" with a plus and a blank in front for Extend, and "none" for
// a Replace without items.
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

// ParseValue reads a value as people write it, blanks and case of the words
// aside; items are separated by commas, and those that are no [KindStrings] also by
// blanks. A plus in front of the list makes it one of [Append]: of [KindNumbers],
// where it may belong to the first number, only with a blank behind it, as
// [Value.String] writes it, or a second plus. A [store.InvalidError] on "value"
// when it is none of that kind.
func ParseValue(kind Kind, text string) (Value, error) {
	if len(text) > maxValueText {
		return valueError("max", fmt.Sprintf("at most %d bytes are read; write fewer items", maxValueText))
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
		return valueError("required", "write items with commas between, or none for a list without any")
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
	return v.normalized(), nil
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
	return valueError("kind", "write on or off")
}

func startsWithDigit(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

// splitItems cuts a list into its items, with the words in small letters.
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
