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
		return newInvalidProblem(http.StatusBadRequest, fieldProblem{"body", code, message})
	}
	if !utf8.Valid(body) || !validSurrogates(body) {
		return refuse("encoding", "write the body in UTF-8")
	}
	reader := jsonReader{decoder: json.NewDecoder(bytes.NewReader(body))}
	reader.decoder.UseNumber()
	err := reader.readValue(0)
	if err == nil && reader.hasTrailing() {
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

// hasTrailing reports whether anything but white space is left.
func (r *jsonReader) hasTrailing() bool {
	_, err := r.decoder.Token()
	return !errors.Is(err, io.EOF)
}

// readValue reads one value at that depth.
func (r *jsonReader) readValue(depth int) error {
	token, err := r.readToken()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return errTooDeep
		}
		return r.readMembers(token, depth)
	case json.Number:
		if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
			return errNumber
		}
	}
	return nil
}

// readMembers reads what stands between the brackets that open began, and the
// closing one.
func (r *jsonReader) readMembers(open json.Delim, depth int) error {
	names := map[string]bool{}
	for r.decoder.More() {
		if open == '{' {
			if err := r.readName(names); err != nil {
				return err
			}
		}
		if err := r.readValue(depth + 1); err != nil {
			return err
		}
	}
	_, err := r.readToken()
	return err
}

// readName reads the name of a field. Readers of JSON differ in whether case
// matters, so that "a" and "A" are the same field twice; so are "s" and "\u017f",
// which package encoding/json takes for one.
func (r *jsonReader) readName(names map[string]bool) error {
	token, err := r.readToken()
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

func (r *jsonReader) readToken() (json.Token, error) {
	if r.tokens++; r.tokens > maxTokens {
		return nil, errTooMany
	}
	return r.decoder.Token()
}

// validSurrogates reports whether each \u escape of one half of a surrogate
// pair stands beside its other half.
func validSurrogates(body []byte) bool {
	for {
		i := bytes.IndexByte(body, '\\')
		if i < 0 || i+1 >= len(body) {
			return true
		}
		unit, ok := decodeEscape(body[i:])
		switch {
		case !ok:
			body = body[i+2:]
		case isLowSurrogate(unit):
			return false
		case isHighSurrogate(unit):
			if low, ok := decodeEscape(body[i+6:]); !ok || !isLowSurrogate(low) {
				return false
			}
			body = body[i+12:]
		default:
			body = body[i+6:]
		}
	}
}

// decodeEscape reads \uXXXX at the beginning of text.
func decodeEscape(text []byte) (uint64, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return unit, err == nil
}

func isHighSurrogate(unit uint64) bool { return unit >= 0xd800 && unit < 0xdc00 }
func isLowSurrogate(unit uint64) bool  { return unit >= 0xdc00 && unit < 0xe000 }
