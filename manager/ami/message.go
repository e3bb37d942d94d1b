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
// keep their order, and a name may stand more than once. It is a handle on
// one string, so copying it costs nothing. The zero value has no headers.
//
// A message may hold secrets (GetConfig shows them), so printing one with
// package fmt or slog shows only what kind it is.
type Message struct {
	// text is the lines, each ended by LF (the last one too), without the
	// empty one at the end.
	text string
}

// All returns the headers in the order of the message. A line without a
// colon has the empty name and is all value.
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

// Get returns the value of the first header of that name, in any case, or "".
func (m Message) Get(name string) string {
	value, _ := m.Lookup(name)
	return value
}

// Lookup returns the value of the first header of that name, in any case, and
// whether there is one.
func (m Message) Lookup(name string) (string, bool) {
	for n, value := range m.All() {
		if sameName(n, name) {
			return value, true
		}
	}
	return "", false
}

// Values returns the values of all headers of that name, in any case, in the
// order of the message.
func (m Message) Values(name string) []string {
	var values []string
	for n, value := range m.All() {
		if sameName(n, name) {
			values = append(values, value)
		}
	}
	return values
}

// kind tells a response from an event, and returns its value, such as "Error"
// or "Newchannel". The one that stands first decides: an event may have a
// header Response (OriginateResponse does), and what a user event carries is
// up to whoever sent it.
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

// Format prints the kind of the message and nothing of its content, whatever
// the verb.
func (m Message) Format(f fmt.State, _ rune) {
	name, value := m.kind()
	_, _ = io.WriteString(f, "AMI message ("+name+" "+printable(value)+")")
}

// cutHeader splits at the first colon that a blank follows, as Asterisk
// writes them, so that a name may hold a colon ("ChanVariable(SIP/[::1])");
// a line without one is split at its first colon.
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

// sameName compares like strcasecmp. The lengths are compared too because
// EqualFold takes some longer runes for ASCII letters.
func sameName(a, b string) bool {
	return len(a) == len(b) && strings.EqualFold(a, b)
}

// printable makes a text of the peer fit for a log or an error: short, and
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
