package smtpmailer

import (
	"io"

	"github.com/wneessen/go-mail/smtp"

	"github.com/pbxusers/pbxusers/userman"
)

// send gives the server one mail.
func (l *outgoingMail) send(client *smtp.Client) error {
	if supported, _ := client.Extension("SMTPUTF8"); l.utf8 && !supported && !l.encodeDomain() {
		return &userman.MailRejectedError{Reason: "it takes no addresses beyond ASCII (SMTPUTF8); write the address in ASCII"}
	}
	// Where it is not needed it would keep the server from passing the mail on
	// to others that do not have it.
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
		return err // not closed: the server must not take it for the whole
	}
	return content.Close()
}
