// Package cursor writes where a page of a list ends that is not in the order of
// its keys, so that the next page begins there.
package cursor

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/refuse"
)

// Position is the place of a record in a list.
type Position struct {
	// Value is that of the field that the list is sorted by.
	Value int64
	// Key is the record's, folded: it parts records of equal values.
	Key string
}

// Format returns the text for [store.List.Next] in a list of that order.
func Format(order store.Order, p Position) string {
	return base64.RawURLEncoding.EncodeToString([]byte(order.String() + " " + strconv.FormatInt(p.Value, 10) + " " + p.Key))
}

// Parse reads what Format wrote for the same order; anything else is a
// [store.InvalidError] on "after".
func Parse(order store.Order, text string) (Position, error) {
	opened, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Position{}, refuse.After()
	}
	rest, ok := strings.CutPrefix(string(opened), order.String()+" ")
	number, key, found := strings.Cut(rest, " ")
	value, err := strconv.ParseInt(number, 10, 64)
	if !ok || !found || err != nil {
		return Position{}, refuse.After()
	}
	return Position{Value: value, Key: key}, nil
}
