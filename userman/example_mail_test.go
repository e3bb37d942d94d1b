package userman_test

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// printMailer is a mail server that prints to whom mails go.
type printMailer struct{}

func (printMailer) Send(_ context.Context, m *usermail.Mail) error {
	fmt.Printf("To: %s <%s>, %s\n", m.ToName, m.To, m.Subject)
	return nil
}

// newMailService is a service that sends mails, with somebody in it.
func newMailService(usernames ...string) *userman.Service {
	s := userman.New(memstore.New().Users(""), &userman.Options{
		Product: "ACME Telephony", Mailer: printMailer{},
		BaseURL: &url.URL{Scheme: "https", Host: "pbx.example.com"},
		Clock:   func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) },
	})
	for _, username := range usernames {
		_, err := s.Create(context.Background(), userman.NewUser{User: &userman.User{Username: username, Email: username + "@example.com"}})
		if err != nil {
			fmt.Println(err)
		}
	}
	return s
}

func ExampleMailService_Send() {
	users := newMailService("jane")
	delivery, err := users.Mails().Send(context.Background(), usermail.Welcome, "jane")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(delivery.Status, "until", delivery.ExpiresAt.Format(time.DateOnly))
	// Output:
	// To: jane <jane@example.com>, Your ACME Telephony account
	// sent until 2026-03-08
}

func ExampleMailService_Send_reset() {
	users := newMailService("jane")
	delivery, _ := users.Mails().Send(context.Background(), usermail.Reset, "jane")
	fmt.Println(delivery.Message)
	// Output:
	// To: jane <jane@example.com>, Set a new password for ACME Telephony
	// the mail server has taken the mail
}

// It may be run as often as one likes: nobody is welcomed twice.
func ExampleMailService_SendPendingWelcomes() {
	users := newMailService("jane", "joe")
	for range 2 {
		report, err := users.Mails().SendPendingWelcomes(context.Background(), func(p userman.WelcomeProgress) {
			fmt.Printf("%d of %d: %s %s\n", p.Done, p.Total, p.Last.Username, p.Last.Status)
		})
		fmt.Println(report.Counts[userman.DeliverySent], "sent", err)
	}
	// Output:
	// To: jane <jane@example.com>, Your ACME Telephony account
	// 1 of 2: jane sent
	// To: joe <joe@example.com>, Your ACME Telephony account
	// 2 of 2: joe sent
	// 2 sent <nil>
	// 0 sent <nil>
}

func ExampleMailService_Preview() {
	users := newMailService("jane")
	mail, err := users.Mails().Preview(context.Background(), usermail.Welcome, "jane")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mail.Text)
	// Output:
	// Hello jane,
	//
	// an account for ACME Telephony has been set up for you.
	//
	// Username: jane
	//
	// Choose your password here:
	// https://pbx.example.com/set-password/this-is-a-preview-and-the-link-does-nothing
	//
	// The link works once, until 8 March 2026, 09:00 (UTC). If it has expired, open it anyway to request a new one.
	//
	// Log in here:
	// https://pbx.example.com/portal
	//
	// You receive this email because an administrator of ACME Telephony created the account. We will never ask for your password by email.
}
