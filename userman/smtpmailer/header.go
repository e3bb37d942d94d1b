package smtpmailer

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	// maxPlain is how long, in bytes, a text is that stands in a header as it
	// is: a line has 78 (RFC 5322, 2.1.1).
	maxPlain = 60
	// maxWord is how many bytes are encoded as one word of 75 letters (RFC
	// 2047, 2).
	maxWord = 45
	// fold begins another line of the same field.
	fold = "\r\n "
)

// mailbox returns an address with a name, which is empty or a plain line, as it
// stands in a header.
func mailbox(name, address string) string {
	switch {
	case name == "":
		return envelope(address)
	case literal(name):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" ` + envelope(address)
	}
	return encoded(name) + fold + envelope(address)
}

// phrase returns a plain line as it stands in a header that is text.
func phrase(s string) string {
	if literal(s) {
		return s
	}
	return encoded(s)
}

// literal reports whether a text is read as it stands: it is short, of ASCII,
// and does not look as if it was encoded.
func literal(s string) bool {
	return len(s) <= maxPlain && ascii(s) && !strings.Contains(s, "=?")
}

// encoded returns a text in encoded words (RFC 2047), each of whole letters, and
// in base64, which is legal everywhere.
func encoded(s string) string {
	var words []string
	for s != "" {
		n := min(maxWord, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, fold)
}
