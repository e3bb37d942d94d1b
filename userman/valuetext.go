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
	case modeReplace:
		if len(v.items) == 0 {
			return noItems
		}
		return strings.Join(canonical(v.items), ", ")
	case modeExtend:
		return strings.TrimSpace("+ " + strings.Join(canonical(v.items), ", "))
	default:
		return "off"
	}
}

// ParseValue reads a value as people write it, blanks and case of the words
// aside; items are separated by commas, and those that are no [Names] also by
// blanks. A plus in front of the list makes it one of [Extend]: of [Numbers],
// where it may belong to the first number, only with a blank behind it, as
// [Value.String] writes it, or a second plus. A [store.InvalidError] on "value"
// when it is none of that kind.
func ParseValue(kind Kind, text string) (Value, error) {
	if len(text) > maxValueText {
		return refusedValue("max", fmt.Sprintf("at most %d bytes are read; write fewer items", maxValueText))
	}
	text = strings.TrimSpace(text)
	if kind == Switch {
		return parseSwitch(text)
	}
	list, extends := strings.CutPrefix(text, "+")
	if extends && kind == Numbers && beginsWithDigit(list) {
		list, extends = text, false
	}
	switch {
	case text == "":
		return refusedValue("required", "write items with commas between, or none for a list without any")
	case strings.EqualFold(text, noItems):
		return Replace(), nil
	}
	v := Value{mode: modeReplace, items: splitItems(kind, list)}
	if extends {
		v.mode = modeExtend
	}
	if wrong := kind.wrongWith("value", v); len(wrong) > 0 {
		return refusedValue(wrong[0].Code, wrong[0].Message)
	}
	return v.normalised(), nil
}

func refusedValue(code, message string) (Value, error) {
	return Value{}, store.Invalid(store.FieldError{Field: "value", Code: code, Message: message})
}

func parseSwitch(text string) (Value, error) {
	switch strings.ToLower(text) {
	case "on", "yes", "true":
		return On(), nil
	case "off", "no", "false":
		return Off(), nil
	}
	return refusedValue("kind", "write on or off")
}

func beginsWithDigit(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

// splitItems cuts a list into its items, with the words in small letters.
func splitItems(kind Kind, list string) []string {
	items := []string{}
	for item := range strings.FieldsFuncSeq(list, func(r rune) bool {
		return r == ',' || kind != Names && unicode.IsSpace(r)
	}) {
		item = strings.TrimSpace(item)
		if word := strings.ToLower(item); wordRank(word) < wordRank("") {
			item = word
		}
		if item != "" {
			items = append(items, item)
		}
	}
	return items
}
