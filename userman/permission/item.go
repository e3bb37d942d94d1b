package permission

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// maxItemLength is the maximum length of a name, in characters.
const maxItemLength = 64

// numberPattern matches a phone number in a list.
var numberPattern = regexp.MustCompile(`^\+?[0-9]{1,20}$`)

// validate returns the errors in a value of that kind. The field of an item is
// "field[index]", with the index in input order.
func (k Kind) validate(field string, v Value) []store.FieldError {
	switch {
	case k == KindBool && v.IsList():
		return []store.FieldError{{Field: field, Code: store.CodeKind, Message: "this permission is on or off, and no list"}}
	case k != KindBool && !v.IsList():
		return []store.FieldError{{Field: field, Code: store.CodeKind, Message: "this permission is a list, and not on or off"}}
	}
	return k.ValidateItems(field, v.items)
}

// ValidateItems returns the errors in the items of a list of kind k. The field of
// an item is "field[index]".
func (k Kind) ValidateItems(field string, items []string) []store.FieldError {
	if len(items) > MaxItems {
		return []store.FieldError{{Field: field, Code: store.CodeMax, Message: fmt.Sprintf("at most %d entries", MaxItems)}}
	}
	var errs []store.FieldError
	for i, item := range items {
		if !k.accepts(item) {
			errs = append(errs, store.FieldError{Field: fmt.Sprintf("%s[%d]", field, i), Code: k.errorCode(), Message: k.errorMessage()})
		}
	}
	return errs
}

// accepts reports whether a list of that kind may contain item.
func (k Kind) accepts(item string) bool {
	switch k {
	case KindExtensions:
		return keywordRank(item) <= keywordRank(Any) || validate.Extension().Valid(item)
	case KindNumbers:
		return item == Any || numberPattern.MatchString(item)
	case KindStrings:
		return item == Any || isName(item)
	case KindBool:
	}
	return false
}

// isName reports whether item is a valid name: not a keyword in any case, and
// unchanged after formatting and [ParseValue].
func isName(item string) bool {
	if item == "" || len(item) > 4*maxItemLength || utf8.RuneCountInString(norm.NFC.String(item)) > maxItemLength {
		return false
	}
	switch keyword := strings.ToLower(item); {
	case keywordRank(keyword) <= keywordRank(Any), keyword == noItems:
		return false
	case strings.TrimSpace(item) != item, strings.HasPrefix(item, "+"), strings.Contains(item, ","):
		return false
	}
	return validate.PlainLine().Valid(item)
}

// errorCode returns the error code for an invalid item.
func (k Kind) errorCode() string {
	switch k {
	case KindExtensions:
		return store.CodeExtension
	case KindNumbers:
		return store.CodeNumber
	default:
		return store.CodeName
	}
}

// errorMessage returns the error message for an invalid item.
func (k Kind) errorMessage() string {
	switch k {
	case KindExtensions:
		return "write extensions of 1 to 20 digits, or the words self, linked and all"
	case KindNumbers:
		return "write numbers of 1 to 20 digits, with or without + in front, or the word all"
	default:
		return "write names of 1 to 64 characters on one line, without commas and not beginning with +, or the word all; self, linked and none are no names"
	}
}

// Normalized returns v in stored form: items in NFC and in the order of
// [Value.Items].
func (v Value) Normalized() Value {
	for i, item := range v.items {
		if !norm.NFC.IsNormalString(item) {
			v.items = append(append(v.items[:i:i], norm.NFC.String(item)), v.items[i+1:]...)
		}
	}
	return v.canonical()
}
