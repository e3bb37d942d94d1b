// Package cursor writes where a page of a list ends that is not in the order of
// its keys, so that the next page begins there.
package cursor

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
)

// Position is the place of a record in a list: the values that it is sorted by,
// the first one first. The last ones are the key, which parts records of equal
// values.
type Position []string

// Format returns the text for [store.PageRequest.Next] in a list of that order.
func Format(sort store.Sort, p Position) string {
	text := strings.Builder{}
	text.WriteString(sort.String())
	for _, value := range p {
		text.WriteString(" " + strconv.Itoa(len(value)) + ":" + value)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text.String()))
}

// Parse reads what Format wrote of n values for the same order; anything else
// is a [store.InvalidError] on "after".
func Parse(sort store.Sort, text string, n int) (Position, error) {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, storeerr.NewCursorError()
	}
	rest, ok := strings.CutPrefix(string(decoded), sort.String())
	p := make(Position, n)
	for i := 0; ok && i < n; i++ {
		p[i], rest, ok = cutValue(rest)
	}
	if !ok || rest != "" {
		return nil, storeerr.NewCursorError()
	}
	return p, nil
}

// cutValue takes the first value from text.
func cutValue(text string) (value, rest string, ok bool) {
	length, rest, _ := strings.Cut(text, ":")
	n, err := strconv.ParseUint(strings.TrimPrefix(length, " "), 10, 31)
	if err != nil || int(n) > len(rest) || length != " "+strconv.Itoa(int(n)) {
		return "", "", false
	}
	return rest[:n], rest[n:], true
}
