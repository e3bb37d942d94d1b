package smtpmailer

import (
	"net/textproto"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzReplyText(f *testing.F) {
	for _, reply := range []string{
		"5.1.1 <jane@example.com>: no such user", "two\nlines\r", "<<@>>", "\xff@\u2028", "a\u202eb", strings.Repeat("no ", 300), "",
	} {
		f.Add(550, reply)
	}
	f.Fuzz(func(t *testing.T, code int, reply string) {
		if code < 100 || code > 999 {
			return // no response has such a code
		}
		text := replyText(&textproto.Error{Code: code, Msg: reply})
		require.True(t, utf8.ValidString(text))
		require.NotContains(t, text, "@", "an address")
		require.False(t, strings.ContainsFunc(text, unicode.IsControl), "%q", text)
		require.LessOrEqual(t, utf8.RuneCountInString(text), maxReasonLength+len("550 …"))
	})
}
