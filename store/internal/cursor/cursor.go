// Package cursor encodes the end of a page of a list that is not sorted by key, so
// that the next page can start there.
package cursor

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
)

// Position is the position of a record in a list: the values of its sort fields in
// order, and last those of its key.
type Position []string

// Format returns the [store.PageRequest.After] for a position in a list with that
// order.
func Format(sort store.Sort, p Position) string {
	text := strings.Builder{}
	text.WriteString(sort.String())
	for _, value := range p {
		text.WriteString(" " + strconv.Itoa(len(value)) + ":" + value)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text.String()))
}

// Parse parses a text of Format with n values for the same order. It returns a
// [store.InvalidError] on "after" for any other text.
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

// cutValue cuts the first value from text.
func cutValue(text string) (value, rest string, ok bool) {
	length, rest, _ := strings.Cut(text, ":")
	n, err := strconv.ParseUint(strings.TrimPrefix(length, " "), 10, 31)
	if err != nil || int(n) > len(rest) || length != " "+strconv.Itoa(int(n)) {
		return "", "", false
	}
	return rest[:n], rest[n:], true
}
