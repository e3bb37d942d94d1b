package ami

import (
	"fmt"
	"io"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Limits of Asterisk (struct message and get_input in main/manager.c).
const (
	// MaxHeaders is the largest number of headers of one action, including
	// Action and ActionID.
	MaxHeaders = 128
	// MaxLine is the largest size of one header in bytes, including its name,
	// the colon, the blank and the CR LF.
	MaxLine = 1024
)

// Action is a request to Asterisk.
type Action struct {
	// Name is the name of the action, such as "Originate".
	Name string
	// Headers are the parameters, sent in this order. The client adds Action
	// and ActionID. A name may occur several times, such as Variable.
	Headers []Header
}

// Format prints only the name, for every verb: a header may contain a secret.
func (a Action) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.label()) }

// MarshalText returns the output of Format. It keeps the headers out of JSON
// and of logs in JSON.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.label()), nil }

func (a Action) label() string { return "AMI action " + printable(a.Name) }

// validate returns a [store.InvalidError] if Asterisk would misread the action.
func (a Action) validate() error {
	var errs []store.FieldError
	addErr := func(field, code, message string) {
		errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
	}
	if a.Name == "" {
		addErr("action", store.CodeRequired, "name is required, such as Ping")
	}
	if code, message := checkValue("Action", a.Name); code != "" {
		addErr("action", code, message)
	}
	if len(a.Headers)+2 > MaxHeaders {
		addErr("headers", store.CodeMax, fmt.Sprintf("at most %d headers, besides Action and ActionID", MaxHeaders-2))
	}
	for i, h := range a.Headers {
		if code, message := checkName(h.Name); code != "" {
			addErr(fmt.Sprintf("headers[%d].name", i), code, message)
			continue
		}
		if code, message := checkValue(h.Name, h.Value); code != "" {
			addErr(fmt.Sprintf("headers[%d].value", i), code, message)
		}
	}
	return store.NewInvalidError(errs...)
}

func checkName(name string) (code, message string) {
	switch {
	case name == "":
		return store.CodeRequired, "name is required"
	case strings.ContainsFunc(name, isControl):
		return store.CodeControlCharacter, "a header name cannot contain a control character"
	case strings.Contains(name, ":"):
		return store.CodeColon, "a header name cannot contain a colon, which ends it"
	case strings.Trim(name, " ") != name:
		return store.CodeOuterSpace, "a header name cannot begin or end with a space"
	case sameName(name, "Action"), sameName(name, "ActionID"):
		return store.CodeReserved, "the client sets Action and ActionID"
	}
	return "", ""
}

func checkValue(name, value string) (code, message string) {
	switch {
	case strings.ContainsFunc(value, isControl):
		return store.CodeControlCharacter, "a value cannot contain a control character; a line break would start another header"
	case strings.HasPrefix(value, " "):
		return store.CodeOuterSpace, "a value cannot begin with a space, which Asterisk drops"
	case len(name)+len(": \r\n")+len(value) > MaxLine:
		return store.CodeMax, fmt.Sprintf("a header can have at most %d bytes, including its name and line end", MaxLine)
	}
	return "", ""
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// encode returns the bytes to send. The action must be valid.
func (a Action) encode(id string) []byte {
	var b strings.Builder
	write := func(name, value string) {
		b.WriteString(name)
		b.WriteString(": ")
		b.WriteString(value)
		b.WriteString("\r\n")
	}
	write("Action", a.Name)
	write("ActionID", id)
	for _, h := range a.Headers {
		write(h.Name, h.Value)
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}
