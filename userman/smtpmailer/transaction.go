package smtpmailer

import (
	"io"

	"github.com/wneessen/go-mail/smtp"

	"github.com/pbxusers/pbxusers/userman"
)

// hand gives the server one mail.
func (l *letter) hand(client *smtp.Client) error {
	if takes, _ := client.Extension("SMTPUTF8"); l.utf8 && !takes {
		return &userman.MailRefusedError{Reason: "it takes no addresses beyond ASCII (SMTPUTF8); write the address in ASCII"}
	}
	// Where it is not needed it would keep the server from passing the mail on
	// to others that do not have it.
	client.SkipSMTPUTF8(!l.utf8)
	if err := client.Mail(l.from); err != nil {
		return refusal(err)
	}
	if err := client.Rcpt(l.to); err != nil {
		return refusal(err)
	}
	content, err := client.Data()
	if err != nil {
		return refusal(err)
	}
	if err := l.write(content); err != nil {
		return refusal(err)
	}
	return nil
}

func (l *letter) write(content io.WriteCloser) error {
	if _, err := l.mail.WriteTo(content); err != nil {
		return err // not closed: the server must not take it for the whole
	}
	return content.Close()
}
