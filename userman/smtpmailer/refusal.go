package smtpmailer

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
	"unicode"

	"github.com/pbxusers/pbxusers/userman"
)

// maxReason bounds, in characters, what is told of an answer.
const maxReason = 200

// address is what looks like an address of mail in an answer.
var address = regexp.MustCompile(`<[^<>]*>|[^\s<>]*@[^\s<>]*`)

// refusal turns an error about a mail into what [userman.Mailer] says: for good
// with a code of 5xx (RFC 5321, 4.2.1), worth another try otherwise. That there
// is no login, or a wrong one, is nothing of this mail.
func refusal(err error) error {
	switch code := codeOf(err); {
	case code == 530, code == 534, code == 535, code == 538:
		return fmt.Errorf("smtpmailer: the mail server wants a login, or another one (%d); correct username and password", code)
	case code >= 500 && code < 600:
		return &userman.MailRefusedError{Reason: answer(err)}
	}
	return told("answered the mail with", err)
}

func isRefused(err error) bool {
	_, refused := errors.AsType[*userman.MailRefusedError](err)
	return refused
}

// told says what the server answered, or that it did not.
func told(what string, err error) error {
	if codeOf(err) == 0 {
		return fmt.Errorf("smtpmailer: the connection to the mail server failed: %w", err)
	}
	return fmt.Errorf("smtpmailer: the mail server %s %s", what, answer(err))
}

// codeOf returns the code of an answer, or 0 when err is none.
func codeOf(err error) int {
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return said.Code
	}
	return 0
}

// answer returns code and text of an answer: one line, of bounded length, and
// without the addresses that servers like to repeat.
func answer(err error) string {
	said, _ := errors.AsType[*textproto.Error](err)
	text := address.ReplaceAllString(said.Msg, "(address)")
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
	if runes := []rune(text); len(runes) > maxReason {
		text = string(runes[:maxReason]) + "…"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", said.Code, text))
}
