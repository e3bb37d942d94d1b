package field

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Parse returns the value of a kind that a form, a flag or a CSV cell spells as
// text. It reads what [Value.String] writes:
//
//   - a text as it stands;
//   - a list separated by commas or line breaks; spaces around an element and
//     empty elements do not count;
//   - a bool as yes, no, true, false, on, off, 1 or 0, in any case;
//   - an int in decimal digits;
//   - a time in RFC 3339.
//
// An empty text is the zero value of each kind. The error says what is expected
// and does not contain the text.
func Parse(kind Kind, text string) (Value, error) {
	if kind == KindText {
		return TextValue(text), nil
	}
	if kind == KindList {
		return Value{kind: KindList, list: SplitList(text)}, nil
	}
	v, ok := ZeroValue(kind), true
	if text = strings.TrimSpace(text); text != "" {
		v, ok = parseScalar(kind, text)
	}
	if !ok {
		return ZeroValue(kind), errors.New(kind.expectation())
	}
	return v, nil
}

func parseScalar(kind Kind, text string) (Value, bool) {
	switch kind {
	case KindBool:
		switch strings.ToLower(text) {
		case "yes", "true", "on", "1":
			return BoolValue(true), true
		case "no", "false", "off", "0":
			return BoolValue(false), true
		}
	case KindInt:
		n, err := strconv.Atoi(text)
		return IntValue(n), err == nil
	case KindTime:
		t, err := time.Parse(time.RFC3339, text)
		return TimeValue(t.UTC()), err == nil
	case KindText, KindList:
	}
	return Value{}, false
}

// SplitList returns the elements of a list that is separated by commas or line
// breaks, without the spaces around them and without empty ones.
func SplitList(text string) []string {
	var list []string
	for element := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if element = strings.TrimSpace(element); element != "" {
			list = append(list, element)
		}
	}
	return list
}

// expectation returns the message of a value of another kind.
func (k Kind) expectation() string {
	switch k {
	case KindList:
		return "this must be a list of texts"
	case KindBool:
		return "this must be true or false"
	case KindInt:
		return "this must be a whole number"
	case KindTime:
		return "this must be a time, such as 2026-01-31T09:00:00Z"
	case KindText:
	}
	return "this must be a text"
}
