package smtpmailer

import (
	"io"

	"github.com/wneessen/go-mail/smtp"

	"github.com/pbxusers/pbxusers/userman"
)

// send sends one mail to the server.
func (l *outgoingMail) send(client *smtp.Client) error {
	if supported, _ := client.Extension("SMTPUTF8"); l.utf8 && !supported && !l.encodeDomain() {
		return &userman.MailRejectedError{Reason: "the mail server does not support non-ASCII addresses (SMTPUTF8); use an ASCII address"}
	}
	// If it is not needed, it would prevent relaying to servers that do not support
	// it.
	client.SkipSMTPUTF8(!l.utf8)
	if err := client.Mail(l.from); err != nil {
		return classifyError(err)
	}
	if err := client.Rcpt(angleAddr(l.to)); err != nil {
		return classifyError(err)
	}
	content, err := client.Data()
	if err != nil {
		return classifyError(err)
	}
	if err := l.writeTo(content); err != nil {
		return classifyError(err)
	}
	return nil
}

func (l *outgoingMail) writeTo(content io.WriteCloser) error {
	if _, err := l.mail.WriteTo(content); err != nil {
		return err // not closed: the server must not accept a partial mail
	}
	return content.Close()
}
