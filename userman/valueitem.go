package userman

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// maxItemLength is that of the longest item, a name, in characters.
const maxItemLength = 64

// numberPattern is what a telephone number of a list looks like.
var numberPattern = regexp.MustCompile(`^\+?[0-9]{1,20}$`)

// validate returns what is wrong with a value of that kind; items are named
// field[index], by the position in which they were given.
func (k Kind) validate(field string, v Value) []store.FieldError {
	switch {
	case k == KindBool && v.IsList():
		return []store.FieldError{{Field: field, Code: "kind", Message: "this permission is on or off, and no list"}}
	case k != KindBool && !v.IsList():
		return []store.FieldError{{Field: field, Code: "kind", Message: "this permission is a list, and not on or off"}}
	}
	return k.validateItems(field, v.items)
}

// validateItems is wrongWith for the items of a list.
func (k Kind) validateItems(field string, items []string) []store.FieldError {
	if len(items) > MaxItems {
		return []store.FieldError{{Field: field, Code: "max", Message: fmt.Sprintf("at most %d entries are allowed", MaxItems)}}
	}
	var errs []store.FieldError
	for i, item := range items {
		if !k.accepts(item) {
			errs = append(errs, store.FieldError{Field: fmt.Sprintf("%s[%d]", field, i), Code: k.errorCode(), Message: k.errorMessage()})
		}
	}
	return errs
}

// accepts reports whether item may stand in a list of that kind.
func (k Kind) accepts(item string) bool {
	switch k {
	case KindExtensions:
		return keywordRank(item) <= keywordRank(Any) || extensionPattern.MatchString(item)
	case KindNumbers:
		return item == Any || numberPattern.MatchString(item)
	case KindStrings:
		return item == Any || isName(item)
	case KindBool:
	}
	return false
}

// isName reports whether item is a name that is no word, in whatever case, and
// comes back as it is from [ParseValue].
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

// errorCode is the word of a refusal of an item.
func (k Kind) errorCode() string { return strings.TrimSuffix(string(k), "s") }

// errorMessage is the sentence of the refusal of an item.
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

// normalized returns v in the form in which it is kept.
func (v Value) normalized() Value {
	for i, item := range v.items {
		if !norm.NFC.IsNormalString(item) {
			v.items = append(append(v.items[:i:i], norm.NFC.String(item)), v.items[i+1:]...)
		}
	}
	return v.canonical()
}
