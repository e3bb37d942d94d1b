package usermail_test

import (
	"fmt"
	"testing/fstest"
	"time"

	"github.com/pbxusers/pbxusers/userman/usermail"
)

// A product may have mails of its own; what it leaves out is as it was.
func ExampleParseTemplates() {
	templates, err := usermail.ParseTemplates(fstest.MapFS{
		"en/reset.txt": {Data: []byte(`{{define "subject"}}{{.Product}}: your link{{end}}
Hi {{.FirstName}}, {{.Link}} works until {{datetime .ValidUntil}}.`)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mail, err := templates.Render(usermail.Reset, usermail.Data{
		Product: "ACME Telephony", FirstName: "Jane", Link: "https://pbx.example.com/x",
		ValidUntil: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
	}, "en-GB")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mail.Subject)
	fmt.Print(mail.Text)
	// Output:
	// ACME Telephony: your link
	// Hi Jane, https://pbx.example.com/x works until 1 March 2026, 10:00 (UTC).
}

// Whoever replaces some mails can look at those that are there.
func ExampleDefaultTemplates() {
	fmt.Println(usermail.DefaultTemplates().Languages())
	// Output: [de en es fr zh]
}
