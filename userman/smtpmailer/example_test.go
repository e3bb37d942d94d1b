package smtpmailer_test

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

// A product sends its mails through an SMTP server.
func ExampleNew() {
	mailer, err := smtpmailer.New(smtpmailer.Options{
		Address: "mail.example.com", From: "ACME Telephony <pbx@example.com>",
		Username: "pbx", Password: store.NewSecret("the password of the mailbox"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	users := userman.New(memstore.New().Users(""), &userman.Options{
		Product: "ACME Telephony", Mailer: mailer,
		BaseURL: &url.URL{Scheme: "https", Host: "pbx.example.com"},
	})
	fmt.Println(permission.LoginServices(users.Permissions()))
	// Output: [portal xmpp isymphony xactview]
}

// A password is never sent unencrypted.
func ExampleNew_cleartextPassword() {
	_, err := smtpmailer.New(smtpmailer.Options{
		Address: "mail.example.com", From: "pbx@example.com", Security: smtpmailer.Unprotected,
		Username: "pbx", Password: store.NewSecret("the password of the mailbox"),
	})
	if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
		fmt.Println(invalid.Fields[0].Field, invalid.Fields[0].Code)
	}
	// Output: password unprotected
}
