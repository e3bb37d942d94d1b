package smtpmailer

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	// maxUnencoded is how long, in bytes, a text is that stands in a header as it
	// is: a line has 78 (RFC 5322, 2.1.1).
	maxUnencoded = 60
	// maxEncodedWord is how many bytes are encoded as one word of 75 letters (RFC
	// 2047, 2).
	maxEncodedWord = 45
	// foldingWhitespace begins another line of the same field.
	foldingWhitespace = "\r\n "
)

// mailbox returns an address with a name, which is empty or a plain line, as it
// stands in a header.
func mailbox(name, address string) string {
	switch {
	case name == "":
		return angleAddr(address)
	case isPlainHeader(name):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" ` + angleAddr(address)
	}
	return encodeWords(name) + foldingWhitespace + angleAddr(address)
}

// phrase returns a plain line as it stands in a header that is text.
func phrase(s string) string {
	if isPlainHeader(s) {
		return s
	}
	return encodeWords(s)
}

// isPlainHeader reports whether a text is read as it stands: it is short, of ASCII,
// and does not look as if it was encoded.
func isPlainHeader(s string) bool {
	return len(s) <= maxUnencoded && isASCII(s) && !strings.Contains(s, "=?")
}

// encodeWords returns a text in encoded words (RFC 2047), each of whole letters, and
// in base64, which is legal everywhere.
func encodeWords(s string) string {
	var words []string
	for s != "" {
		n := min(maxEncodedWord, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, foldingWhitespace)
}
