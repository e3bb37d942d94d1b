package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a body. The largest record, an AMI account with all its networks
// and filters, is well within.
const (
	maxBody   = 1 << 20
	maxDepth  = 16
	maxTokens = 10_000
)

// checkJSON refuses what package encoding/json would read in silence as
// something else than was written, and what would make it work hard: bytes
// that are no UTF-8, halves of surrogate pairs, a field that stands twice,
// numbers that do not fit, deep nesting, and anything behind the value. It
// returns nil when body is one JSON value.
func checkJSON(body []byte) *problem {
	refuse := func(code, message string) *problem {
		return invalid(http.StatusBadRequest, fieldProblem{"body", code, message})
	}
	if !utf8.Valid(body) || !wholeSurrogates(body) {
		return refuse("encoding", "write the body in UTF-8")
	}
	reader := jsonReader{decoder: json.NewDecoder(bytes.NewReader(body))}
	reader.decoder.UseNumber()
	err := reader.value(0)
	if err == nil && reader.more() {
		err = errTrailing
	}
	var known *jsonError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return refuse(known.code, known.message)
	}
	return refuse("json", "this is not JSON")
}

// jsonError is a refusal of [checkJSON].
type jsonError struct{ code, message string }

func (e *jsonError) Error() string { return e.message }

var (
	errTrailing  error = &jsonError{"json", "there is something behind the JSON value"}
	errTooDeep   error = &jsonError{"too_deep", "this is nested too deeply"}
	errTooMany   error = &jsonError{"too_many", "these are too many values"}
	errDuplicate error = &jsonError{"duplicate", "an object has the same field twice"}
	errNumber    error = &jsonError{"number", "a number is out of range"}
)

// jsonReader walks through a JSON text.
type jsonReader struct {
	decoder *json.Decoder
	tokens  int
}

// more reports whether anything but white space is left.
func (r *jsonReader) more() bool {
	_, err := r.decoder.Token()
	return !errors.Is(err, io.EOF)
}

// value reads one value at that depth.
func (r *jsonReader) value(depth int) error {
	token, err := r.token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return errTooDeep
		}
		return r.members(token, depth)
	case json.Number:
		if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
			return errNumber
		}
	}
	return nil
}

// members reads what stands between the brackets that open began, and the
// closing one.
func (r *jsonReader) members(open json.Delim, depth int) error {
	names := map[string]bool{}
	for r.decoder.More() {
		if open == '{' {
			if err := r.name(names); err != nil {
				return err
			}
		}
		if err := r.value(depth + 1); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// name reads the name of a field. Readers of JSON differ in whether case
// matters, so that "a" and "A" are the same field twice; so are "s" and "\u017f",
// which package encoding/json takes for one.
func (r *jsonReader) name(names map[string]bool) error {
	token, err := r.token()
	if err != nil {
		return err
	}
	name, _ := token.(string)
	name = strings.ToLower(strings.ToUpper(name))
	if names[name] {
		return errDuplicate
	}
	names[name] = true
	return nil
}

func (r *jsonReader) token() (json.Token, error) {
	if r.tokens++; r.tokens > maxTokens {
		return nil, errTooMany
	}
	return r.decoder.Token()
}

// wholeSurrogates reports whether each \u escape of one half of a surrogate
// pair stands beside its other half.
func wholeSurrogates(body []byte) bool {
	for {
		at := bytes.IndexByte(body, '\\')
		if at < 0 || at+1 >= len(body) {
			return true
		}
		unit, ok := escapedUnit(body[at:])
		switch {
		case !ok:
			body = body[at+2:]
		case isLow(unit):
			return false
		case isHigh(unit):
			if low, ok := escapedUnit(body[at+6:]); !ok || !isLow(low) {
				return false
			}
			body = body[at+12:]
		default:
			body = body[at+6:]
		}
	}
}

// escapedUnit reads \uXXXX at the beginning of text.
func escapedUnit(text []byte) (uint64, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return unit, err == nil
}

func isHigh(unit uint64) bool { return unit >= 0xd800 && unit < 0xdc00 }
func isLow(unit uint64) bool  { return unit >= 0xdc00 && unit < 0xe000 }
