package smtpmailer

import (
	"crypto/rand"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wneessen/go-mail"

	"github.com/pbxusers/pbxusers/userman"
)

// maxAddress bounds, in bytes, an address (RFC 5321, 4.5.3.1).
const maxAddress = 320

// sender is whom mails are from.
type sender struct {
	from netmail.Address
	// domain is that of the address.
	domain string
}

// letter is a mail with its envelope.
type letter struct {
	from, to string
	// utf8 says that the address needs SMTPUTF8 (RFC 6531).
	utf8 bool
	mail *mail.Msg
}

// compose makes the mail. What can be in no mail is a
// [userman.MailRefusedError].
func (s sender) compose(message *userman.Message) (*letter, error) {
	to, err := netmail.ParseAddress(message.To)
	if err != nil || to.Name != "" || len(message.To) > maxAddress || !plain(message.To) {
		return nil, &userman.MailRefusedError{Reason: "the address is none that mail can be sent to; correct it"}
	}
	if !plain(message.ToName) || !plain(message.Subject) {
		return nil, &userman.MailRefusedError{Reason: "name and subject must be one line of text without control characters"}
	}
	l := &letter{
		from: envelope(s.from.Address), to: envelope(to.Address), utf8: !ascii(to.Address),
		mail: mail.NewMsg(mail.WithNoDefaultUserAgent()),
	}
	l.mail.SetGenHeaderPreformatted("From", mailbox(s.from.Name, s.from.Address))
	l.mail.SetGenHeaderPreformatted("To", mailbox(message.ToName, to.Address))
	l.mail.SetGenHeaderPreformatted("Subject", phrase(strings.TrimSpace(message.Subject)))
	l.mail.SetDate()
	l.mail.SetMessageIDWithValue(rand.Text() + "@" + s.domain)
	// Nobody is there to read an answer of a machine (RFC 3834).
	l.mail.SetGenHeader("Auto-Submitted", "auto-generated")
	l.mail.SetBodyString(mail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		l.mail.AddAlternativeString(mail.TypeTextHTML, message.HTML)
	}
	return l, nil
}

// envelope returns an address as commands take it, in angle brackets and quoted
// where it has to be.
func envelope(address string) string { return (&netmail.Address{Address: address}).String() }

// plain reports whether s is one line of UTF-8 without control characters.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
