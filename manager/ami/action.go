package ami

import (
	"fmt"
	"io"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// The bounds of what Asterisk takes (struct message and get_input in
// main/manager.c).
const (
	// MaxHeaders is the most headers of one action, Action and ActionID
	// included.
	MaxHeaders = 128
	// MaxLine is the most bytes of one header of an action, with its name,
	// the colon, the blank and the CR LF at its end.
	MaxLine = 1024
)

// Action is what Asterisk is asked to do.
type Action struct {
	// Name is the action, such as "Originate".
	Name string
	// Headers are its parameters, sent in this order. Action and ActionID are
	// added by the client. A name may stand more than once, such as Variable.
	Headers []Header
}

// Format prints the name alone, whatever the verb: a header may hold a
// secret.
func (a Action) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.label()) }

// MarshalText returns what Format prints, and so keeps the headers out of JSON
// and the logs that are written in it.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.label()), nil }

func (a Action) label() string { return "AMI action " + printable(a.Name) }

// validate returns a [store.InvalidError] when Asterisk would not understand the
// action as it is meant.
func (a Action) validate() error {
	var errs []store.FieldError
	addErr := func(field, code, message string) {
		errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
	}
	if a.Name == "" {
		addErr("action", "required", "an action needs a name, such as Ping")
	}
	if code, message := checkValue("Action", a.Name); code != "" {
		addErr("action", code, message)
	}
	if len(a.Headers)+2 > MaxHeaders {
		addErr("headers", "too_many", fmt.Sprintf("Asterisk takes %d headers at most, besides Action and ActionID", MaxHeaders-2))
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
		return "required", "a header needs a name"
	case strings.ContainsFunc(name, isControl):
		return "control_character", "the name of a header cannot hold a control character"
	case strings.Contains(name, ":"):
		return "colon", "the name of a header cannot hold a colon: Asterisk ends the name there"
	case strings.Trim(name, " ") != name:
		return "outer_space", "the name of a header cannot begin or end with a space"
	case sameName(name, "Action"), sameName(name, "ActionID"):
		return "reserved", "Action and ActionID are set by the client"
	}
	return "", ""
}

func checkValue(name, value string) (code, message string) {
	switch {
	case strings.ContainsFunc(value, isControl):
		return "control_character", "a value cannot hold a control character: a line break would begin another header"
	case strings.HasPrefix(value, " "):
		return "outer_space", "a value cannot begin with a space: Asterisk drops it"
	case len(name)+len(": \r\n")+len(value) > MaxLine:
		return "too_long", fmt.Sprintf("a header has %d bytes at most, with its name and line end: Asterisk takes no longer line", MaxLine)
	}
	return "", ""
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// encode returns the bytes to send. The action must have been checked.
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
