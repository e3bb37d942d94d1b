package api

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

// Limits of a body. The largest record, an AMI account with all its networks
// and filters, is far below them.
const (
	maxBody   = 1 << 20
	maxDepth  = 16
	maxTokens = 10_000
)

// jsonError says why a body is not the JSON that the API takes.
type jsonError struct{ code, message string }

// Error returns the message.
func (e *jsonError) Error() string { return e.message }

var (
	errSyntax    error = &jsonError{"json", "this is not JSON"}
	errTrailing  error = &jsonError{"json", "there is data after the JSON value"}
	errEncoding  error = &jsonError{"encoding", "write the body in UTF-8"}
	errTooDeep   error = &jsonError{"too_deep", "the value is nested too deeply"}
	errTooMany   error = &jsonError{"too_many", "the body has too many values"}
	errDuplicate error = &jsonError{"duplicate", "an object has the same field twice"}
	errNumber    error = &jsonError{"number", "a number is out of range"}
)

// parseJSON reads one JSON value: nil, bool, string, json.Number,
// []any or map[string]any. It rejects JSON that readers understand differently:
// invalid UTF-8, unpaired surrogates, and fields that differ only in case.
func parseJSON(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, errEncoding
	}
	value, err := newJSONParser(body).parse()
	if errors.Is(err, errSyntax) {
		// Only an unpaired surrogate is JSON to a decoder that is lenient about UTF-8.
		if _, lenient := newJSONParser(body, jsontext.AllowInvalidUTF8(true)).parse(); lenient == nil {
			return nil, errEncoding
		}
	}
	return value, err
}

// jsonParser builds a value from the tokens of a decoder.
type jsonParser struct {
	decoder *jsontext.Decoder
	tokens  int
}

func newJSONParser(body []byte, opts ...jsontext.Options) *jsonParser {
	return &jsonParser{decoder: jsontext.NewDecoder(bytes.NewReader(body), opts...)}
}

// parse reads the only value.
func (p *jsonParser) parse() (any, error) {
	value, err := p.value()
	if err != nil {
		return nil, err
	}
	if _, err := p.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return value, nil
}

func (p *jsonParser) token() (jsontext.Token, error) {
	if p.tokens++; p.tokens > maxTokens {
		return jsontext.Token{}, errTooMany
	}
	token, err := p.decoder.ReadToken()
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return token, errDuplicate
	case err != nil:
		return token, errSyntax
	}
	return token, nil
}

func (p *jsonParser) value() (any, error) {
	token, err := p.token()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{', '[':
		if p.decoder.StackDepth() > maxDepth {
			return nil, errTooDeep
		}
		if token.Kind() == '{' {
			return p.object()
		}
		return p.array()
	case '"':
		return token.String(), nil
	case '0':
		if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
			return nil, errNumber
		}
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil
}

func (p *jsonParser) array() (any, error) {
	items := []any{}
	for p.decoder.PeekKind() != ']' {
		item, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := p.token()
	return items, err
}

// object reads the fields of an object. Names that differ only in case are the
// same, as they are for package encoding/json.
func (p *jsonParser) object() (any, error) {
	fields, names := map[string]any{}, map[string]bool{}
	for p.decoder.PeekKind() != '}' {
		token, err := p.token()
		if err != nil {
			return nil, err
		}
		name := token.String()
		folded := strings.ToLower(strings.ToUpper(name))
		if names[folded] {
			return nil, errDuplicate
		}
		names[folded] = true
		if fields[name], err = p.value(); err != nil {
			return nil, err
		}
	}
	_, err := p.token()
	return fields, err
}
