package smtpmailer

import (
	"net/textproto"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzAnswer(f *testing.F) {
	for _, said := range []string{
		"5.1.1 <jane@example.com>: no such user", "two\nlines\r", "<<@>>", "\xff@\u2028", "a\u202eb", strings.Repeat("no ", 300), "",
	} {
		f.Add(550, said)
	}
	f.Fuzz(func(t *testing.T, code int, said string) {
		if code < 100 || code > 999 {
			return // no answer has such a code
		}
		told := answer(&textproto.Error{Code: code, Msg: said})
		require.True(t, utf8.ValidString(told))
		require.NotContains(t, told, "@", "an address")
		require.False(t, strings.ContainsFunc(told, unicode.IsControl), "%q", told)
		require.LessOrEqual(t, utf8.RuneCountInString(told), maxReason+len("550 …"))
	})
}
