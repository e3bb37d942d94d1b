package ami

import (
	"fmt"
	"io"
	"iter"
	"strings"
)

// Header is one "Name: value" line of a message.
type Header struct {
	Name  string
	Value string
}

// Message is one message from Asterisk: a response or an event. Its headers
// keep their order, and a name may occur several times. It refers to one
// string, so copies are cheap. The zero value has no headers.
//
// A message may contain secrets (GetConfig shows them). Package fmt and slog
// print only its kind.
type Message struct {
	// text is the lines, each with a trailing LF, without the final empty line.
	text string
}

// All returns the headers in message order. A line without a colon has an empty
// name, and the whole line is the value.
func (m Message) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for rest := m.text; rest != ""; {
			end := strings.IndexByte(rest, '\n')
			if !yield(cutHeader(rest[:end])) {
				return
			}
			rest = rest[end+1:]
		}
	}
}

// Get returns the value of the first header with a name, ignoring case, or "".
func (m Message) Get(name string) string {
	value, _ := m.Lookup(name)
	return value
}

// Lookup returns the value of the first header with a name, ignoring case, and
// whether there is one.
func (m Message) Lookup(name string) (string, bool) {
	for n, value := range m.All() {
		if sameName(n, name) {
			return value, true
		}
	}
	return "", false
}

// Values returns the values of all headers with a name, ignoring case, in
// message order.
func (m Message) Values(name string) []string {
	var values []string
	for n, value := range m.All() {
		if sameName(n, name) {
			values = append(values, value)
		}
	}
	return values
}

// kind distinguishes responses and events, and returns the value, such as
// "Error" or "Newchannel". The first header decides: an event may have a header
// Response (OriginateResponse does), and any account controls the content of a
// user event.
func (m Message) kind() (name, value string) {
	for n, v := range m.All() {
		switch {
		case sameName(n, "Response"):
			return "Response", v
		case sameName(n, "Event"):
			return "Event", v
		}
	}
	return "", ""
}

// Format prints the kind of the message and none of its content, for every
// verb.
func (m Message) Format(f fmt.State, _ rune) {
	name, value := m.kind()
	_, _ = io.WriteString(f, "AMI message ("+name+" "+printable(value)+")")
}

// cutHeader splits at the first colon that a blank follows, as Asterisk writes
// headers. A name may therefore contain a colon ("ChanVariable(SIP/[::1])"). A
// line without such a colon is split at its first colon.
func cutHeader(line string) (name, value string) {
	first := strings.IndexByte(line, ':')
	if first < 0 {
		return "", line
	}
	for i := first; ; {
		if strings.HasPrefix(line[i+1:], " ") {
			return line[:i], line[i+2:]
		}
		next := strings.IndexByte(line[i+1:], ':')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return line[:first], line[first+1:]
}

// sameName compares like strcasecmp. It also compares the lengths, because
// EqualFold equates some longer runes with ASCII letters.
func sameName(a, b string) bool {
	return len(a) == len(b) && strings.EqualFold(a, b)
}

// printable returns text of the peer in a form for logs and errors: short and
// without control characters.
func printable(text string) string {
	const longest = 512
	if len(text) > longest {
		text = text[:longest] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
