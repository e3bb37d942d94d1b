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

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of a body. The largest record, an AMI account with all its networks
// and filters, is far below them.
const (
	maxBody   = 1 << 20
	maxDepth  = 16
	maxTokens = 10_000
)

// Why a body is not the JSON that the API takes.
var (
	errSyntax    error = newJSONProblem("json", "this is not JSON")
	errTrailing  error = newJSONProblem("json", "there is data after the JSON value")
	errEncoding  error = newJSONProblem("encoding", "write the body in UTF-8")
	errTooDeep   error = newJSONProblem("too_deep", "the value is nested too deeply")
	errTooMany   error = newJSONProblem("too_many", "the body has too many values")
	errDuplicate error = newJSONProblem("duplicate", "an object has the same field twice")
	errNumber    error = newJSONProblem("number", "a number is out of range")
)

func newJSONProblem(code, message string) *problem {
	return newInvalidProblem(http.StatusBadRequest, fieldProblem{"body", code, message})
}

// parseJSON reads one JSON value: nil, bool, string, json.Number, []any or
// map[string]any. It rejects JSON that readers understand differently: invalid UTF-8,
// unpaired surrogates, and fields that differ only in case.
func parseJSON(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, errEncoding
	}
	if err := checkJSON(body); err != nil {
		// Only an unpaired surrogate is JSON to a decoder that is lenient about UTF-8.
		if errors.Is(err, errSyntax) && checkJSON(body, jsontext.AllowInvalidUTF8(true)) == nil {
			return nil, errEncoding
		}
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, errSyntax
	}
	return value, nil
}

// checkJSON reads the tokens of the only value.
func checkJSON(body []byte, opts ...jsontext.Options) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body), opts...)
	var names [maxDepth + 1]map[string]bool // of the objects around the token
	for tokens := 0; tokens == 0 || decoder.StackDepth() > 0; tokens++ {
		token, err := decoder.ReadToken()
		depth := decoder.StackDepth()
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return errDuplicate
		case err != nil:
			return errSyntax
		case tokens == maxTokens:
			return errTooMany
		case depth > maxDepth:
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
