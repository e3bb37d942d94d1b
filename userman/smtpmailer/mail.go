package smtpmailer

import (
	"crypto/rand"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// maxAddress is the length in bytes of the longest address (RFC 5321, section 4.5.3.1).
const maxAddress = 320

// sender is the sender of the mails.
type sender struct {
	from netmail.Address
	// domain is the domain of the address.
	domain string
}

// outgoingMail is a mail with its envelope.
type outgoingMail struct {
	from, to string
	toName   string
	// utf8 reports whether the address needs SMTPUTF8 (RFC 6531).
	utf8 bool
	mail *mail.Msg
}

// compose writes the mail. Data that no mail can contain is a
// [userman.MailRejectedError].
func (s sender) compose(message *usermail.Mail) (*outgoingMail, error) {
	to, err := netmail.ParseAddress(message.To)
	if err != nil || to.Name != "" || len(message.To) > maxAddress || !isSingleLine(message.To) {
		return nil, &userman.MailRejectedError{Reason: "invalid email address; correct it"}
	}
	if !isSingleLine(message.ToName) || !isSingleLine(message.Subject) {
		return nil, &userman.MailRejectedError{Reason: "name and subject must be one line of text without control characters"}
	}
	l := &outgoingMail{
		from: angleAddr(s.from.Address), toName: message.ToName, mail: mail.NewMsg(mail.WithNoDefaultUserAgent()),
	}
	l.setRecipient(to.Address)
	l.mail.SetGenHeaderPreformatted("From", mailbox(s.from.Name, s.from.Address))
	l.mail.SetGenHeaderPreformatted("Subject", phrase(strings.TrimSpace(message.Subject)))
	l.mail.SetDate()
	l.mail.SetMessageIDWithValue(rand.Text() + "@" + s.domain)
	// No human reads an automatic reply (RFC 3834).
	l.mail.SetGenHeader("Auto-Submitted", "auto-generated")
	l.mail.SetBodyString(mail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		l.mail.AddAlternativeString(mail.TypeTextHTML, message.HTML)
	}
	return l, nil
}

func (l *outgoingMail) setRecipient(address string) {
	l.to, l.utf8 = address, !isASCII(address)
	l.mail.SetGenHeaderPreformatted("To", mailbox(l.toName, address))
}

// encodeDomain writes the domain of the recipient in ASCII (RFC 5891), for a server
// without SMTPUTF8. It returns false if the local part is not ASCII.
func (l *outgoingMail) encodeDomain() bool {
	at := strings.LastIndex(l.to, "@")
	domain, err := idna.Lookup.ToASCII(l.to[at+1:])
	if err != nil || !isASCII(l.to[:at]) {
		return false
	}
	l.setRecipient(l.to[:at+1] + domain)
	return true
}

// angleAddr returns an address in angle brackets, quoted where necessary.
func angleAddr(address string) string { return (&netmail.Address{Address: address}).String() }

// isSingleLine reports whether s is one line of UTF-8 without control characters.
func isSingleLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
