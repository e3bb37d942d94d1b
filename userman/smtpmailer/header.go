package smtpmailer

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	// maxUnencoded is the maximum length of unencoded text in a header, in bytes: a
	// line has 78 (RFC 5322, 2.1.1).
	maxUnencoded = 60
	// maxEncodedWord is the number of bytes in one encoded word of 75 characters
	// (RFC 2047, 2).
	maxEncodedWord = 45
	// foldingWhitespace starts another line of the same field.
	foldingWhitespace = "\r\n "
)

// mailbox returns an address with an optional name, encoded for a header.
func mailbox(name, address string) string {
	switch {
	case name == "":
		return angleAddr(address)
	case isPlainHeader(name):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" ` + angleAddr(address)
	}
	return encodeWords(name) + foldingWhitespace + angleAddr(address)
}

// phrase returns a line encoded for a header field of text.
func phrase(s string) string {
	if isPlainHeader(s) {
		return s
	}
	return encodeWords(s)
}

// isPlainHeader reports whether text needs no encoding: it is short, is ASCII, and
// does not look like encoded text.
func isPlainHeader(s string) bool {
	return len(s) <= maxUnencoded && isASCII(s) && !strings.Contains(s, "=?")
}

// encodeWords returns text in encoded words (RFC 2047) of whole characters, in
// base64, which all fields allow.
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
