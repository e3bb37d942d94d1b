// Package strictjson reads JSON that all readers understand in the same way, for an API
// that other programs send records to. It rejects invalid UTF-8, unpaired surrogates,
// and fields of one object that differ only in case: a proxy or a scanner could read
// another value than the API. It also bounds depth and size.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of a document. The largest record, an AMI account with all its networks and
// filters, is far below them.
const (
	MaxDepth  = 16
	MaxTokens = 10_000
)

// Error is the reason why a document is rejected. It contains nothing of the document.
type Error struct {
	// Code is a short, stable identifier for programs, such as "duplicate".
	Code string
	// Message is a message for people.
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Why a document is rejected.
var (
	errSyntax    error = &Error{"json", "this is not JSON"}
	errTrailing  error = &Error{"json", "there is data after the JSON value"}
	errEncoding  error = &Error{"encoding", "write the body in UTF-8"}
	errTooDeep   error = &Error{"too_deep", "the value is nested too deeply"}
	errTooMany   error = &Error{"too_many", "the body has too many values"}
	errDuplicate error = &Error{"duplicate", "an object has the same field twice"}
	errNumber    error = &Error{"number", "a number is out of range"}
)

// Parse reads one JSON value: nil, bool, string, [json.Number], []any or
// map[string]any, as package store/field reads the fields of a record. Its errors are an
// [*Error].
func Parse(document []byte) (any, error) {
	if !utf8.Valid(document) {
		return nil, errEncoding
	}
	if err := check(document); err != nil {
		// Only an unpaired surrogate is JSON to a decoder that is lenient about UTF-8.
		if errors.Is(err, errSyntax) && check(document, jsontext.AllowInvalidUTF8(true)) == nil {
			return nil, errEncoding
		}
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, errSyntax
	}
	return value, nil
}

// check reads the tokens of the only value.
func check(document []byte, opts ...jsontext.Options) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(document), opts...)
	var names [MaxDepth + 1]map[string]bool // of the objects around the token
	for tokens := 0; tokens == 0 || decoder.StackDepth() > 0; tokens++ {
		token, err := decoder.ReadToken()
		depth := decoder.StackDepth()
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return errDuplicate
		case err != nil:
			return errSyntax
		case tokens == MaxTokens:
			return errTooMany
		case depth > MaxDepth:
			return errTooDeep
		}
		switch token.Kind() {
		case '{':
			names[depth] = map[string]bool{}
		case '"':
			if !isName(decoder) {
				continue
			}
			// Names that differ only in case are the same, as they are for package
			// encoding/json.
			name := strings.ToLower(strings.ToUpper(token.String()))
			if names[depth][name] {
				return errDuplicate
			}
			names[depth][name] = true
		case '0':
			if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
				return errNumber
			}
		}
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// isName reports whether the text that was read is the name of a field. Names and
// values alternate.
func isName(decoder *jsontext.Decoder) bool {
	kind, count := decoder.StackIndex(decoder.StackDepth())
	return kind == '{' && count%2 == 1
}
