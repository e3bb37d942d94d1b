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

// wrongWith returns what is wrong with a value of that kind; items are named
// field[index], by the position in which they were given.
func (k Kind) wrongWith(field string, v Value) []store.FieldError {
	switch {
	case k == Switch && v.IsList():
		return []store.FieldError{{Field: field, Code: "kind", Message: "this permission is on or off, and no list"}}
	case k != Switch && !v.IsList():
		return []store.FieldError{{Field: field, Code: "kind", Message: "this permission is a list, and not on or off"}}
	}
	return k.wrongItems(field, v.items)
}

// wrongItems is wrongWith for the items of a list.
func (k Kind) wrongItems(field string, items []string) []store.FieldError {
	if len(items) > MaxItems {
		return []store.FieldError{{Field: field, Code: "max", Message: fmt.Sprintf("at most %d entries are allowed", MaxItems)}}
	}
	var wrong []store.FieldError
	for i, item := range items {
		if !k.holds(item) {
			wrong = append(wrong, store.FieldError{Field: fmt.Sprintf("%s[%d]", field, i), Code: k.code(), Message: k.rule()})
		}
	}
	return wrong
}

// holds reports whether item may stand in a list of that kind.
func (k Kind) holds(item string) bool {
	switch k {
	case Extensions:
		return wordRank(item) <= wordRank(All) || extensionPattern.MatchString(item)
	case Numbers:
		return item == All || numberPattern.MatchString(item)
	case Names:
		return item == All || isName(item)
	case Switch:
	}
	return false
}

// isName reports whether item is a name that is no word, in whatever case, and
// comes back as it is from [ParseValue].
func isName(item string) bool {
	if item == "" || len(item) > 4*maxItemLength || utf8.RuneCountInString(norm.NFC.String(item)) > maxItemLength {
		return false
	}
	switch word := strings.ToLower(item); {
	case wordRank(word) <= wordRank(All), word == noItems:
		return false
	case strings.TrimSpace(item) != item, strings.HasPrefix(item, "+"), strings.Contains(item, ","):
		return false
	}
	return validate.PlainLine().Holds(item)
}

// code is the word of a refusal of an item.
func (k Kind) code() string { return strings.TrimSuffix(string(k), "s") }

// rule is the sentence of the refusal of an item.
func (k Kind) rule() string {
	switch k {
	case Extensions:
		return "write extensions of 1 to 20 digits, or the words self, linked and all"
	case Numbers:
		return "write numbers of 1 to 20 digits, with or without + in front, or the word all"
	default:
		return "write names of 1 to 64 characters on one line, without commas and not beginning with +, or the word all; self, linked and none are no names"
	}
}

// normalised returns v in the form in which it is kept.
func (v Value) normalised() Value {
	for i, item := range v.items {
		if !norm.NFC.IsNormalString(item) {
			v.items = append(append(v.items[:i:i], norm.NFC.String(item)), v.items[i+1:]...)
		}
	}
	return v.sorted()
}
