package smtpmailer

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
	"unicode"

	"github.com/pbxusers/pbxusers/internal/neterror"
	"github.com/pbxusers/pbxusers/userman"
)

// maxReasonLength is the maximum length of a quoted response, in characters.
const maxReasonLength = 200

// addressPattern matches text that looks like an email address in a response.
var addressPattern = regexp.MustCompile(`<[^<>]*>|[^\s<>]*@[^\s<>]*`)

// classifyError returns the error of [userman.Mailer] for a mail: permanent for a
// code of 5xx (RFC 5321, 4.2.1), otherwise temporary. A failed authentication and a
// rejected greeting concern the settings, and not the mail.
func classifyError(err error) error {
	switch code := replyCode(err); {
	case code == 530, code == 534, code == 535, code == 538:
		return settingsError("authentication required or failed (%d); correct username and password", code)
	case code == codeBadParameter: // Postfix rejects the name of EHLO at RCPT by default
		return greetingError(err)
	case code >= 500 && code < 600:
		return &userman.MailRejectedError{Reason: replyText(err)}
	case code == 450, code == 451, code == 452: // 421 ends the connection, for every mail
		return &userman.MailDeferredError{Reason: replyText(err)}
	}
	return replyError("rejected the mail with", err)
}

// codeBadParameter answers a name in EHLO that is not fully qualified (RFC 5321, 4.2.3).
const codeBadParameter = 504

// greetingError returns the error of a rejected EHLO.
func greetingError(err error) error {
	if replyCode(err) == codeBadParameter {
		return settingsError("the mail server rejects the name of this host in the greeting (%s); set it to a fully qualified name", replyText(err))
	}
	return replyError("answered the greeting with", err)
}

// settingsError returns the error of settings that prevent every mail.
func settingsError(format string, args ...any) error {
	return &userman.MailSettingsError{Reason: fmt.Sprintf(format, args...)}
}

func isRejected(err error) bool {
	_, ok := errors.AsType[*userman.MailRejectedError](err)
	return ok
}

// replyError returns the error of a response, or of a failed connection.
func replyError(what string, err error) error {
	if replyCode(err) == 0 {
		return fmt.Errorf("the connection to the mail server failed: %w", neterror.Explain(err))
	}
	return fmt.Errorf("the mail server %s %s", what, replyText(err))
}

// replyCode returns the code of a response, or 0 if err is not a response.
func replyCode(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

// replyText returns code and text of a response: one line of bounded length,
// without addresses, which servers like to repeat.
func replyText(err error) string {
	reply, _ := errors.AsType[*textproto.Error](err)
	text := addressPattern.ReplaceAllString(reply.Msg, "(address)")
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
	if runes := []rune(text); len(runes) > maxReasonLength {
		text = string(runes[:maxReasonLength]) + "…"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", reply.Code, text))
}
