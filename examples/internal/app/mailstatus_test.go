package app_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// mailSettings are the settings of an installation with a mail server.
func mailSettings(t *testing.T, server *smtp.Server) app.Settings {
	t.Helper()
	settings := offlineSettings(t)
	settings.BaseURL = "https://pbx.example.com"
	settings.SMTP = app.SMTPSettings{Server: server.Addr, From: "ACME Telephony <pbx@example.com>", Security: "none"}
	return settings
}

func TestApp_SendTestMail_usesSTARTTLSAndLogin(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, &smtp.Options{STARTTLS: true, User: "pbx", Password: "hush"})
	settings := mailSettings(t, server)
	settings.Users.Product = "ACME 电话"
	settings.SMTP.Security, settings.SMTP.User = "", "pbx"
	settings.SMTP.PasswordFile = writeFile(t, "password", "hush\n")
	settings.SMTP.CAFile = writeFile(t, "ca.pem", string(server.Certificate.CertPEM))
	s := openApp(t, settings)
	require.Equal(t, app.MailStatus{
		Configured: true, Server: server.Addr, From: "ACME Telephony <pbx@example.com>", Security: "starttls", BaseURL: "https://pbx.example.com",
		Languages: []string{"de", "en", "es", "fr", "zh"},
	}, s.MailStatus())

	delivery, err := s.SendTestMail(t.Context(), " jane@example.org ")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status, delivery.Message)
	mail := server.Receive(t)
	require.True(t, mail.Encrypted)
	require.Equal(t, []string{"jane@example.org"}, mail.To)
	require.Equal(t, "ACME 电话: a test mail", mail.Get(t, "Subject"))
	require.Contains(t, mail.Text, "https://pbx.example.com")
	list, err := s.AuditLog.List(t.Context(), audit.Query{Action: "send test mail"})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	require.Equal(t, audit.Succeeded, list.Items[0].Outcome)
	require.NotContains(t, list.Items[0].Key, "jane")
}

func TestApp_SendTestMail_reportsFailure(t *testing.T) {
	t.Parallel()
	rejecting := mailSettings(t, smtp.Start(t, &smtp.Options{RejectRecipient: "*"}))
	unreachable := offlineSettings(t)
	unreachable.SMTP = app.SMTPSettings{Server: "127.0.0.1:1", From: "pbx@example.com", Security: "none"}
	for status, settings := range map[userman.DeliveryStatus]app.Settings{
		userman.DeliveryRejected: rejecting, userman.DeliveryFailed: unreachable, userman.DeliveryNotConfigured: offlineSettings(t),
	} {
		s := openApp(t, settings)
		delivery, err := s.SendTestMail(t.Context(), "jane@example.org")
		require.NoError(t, err)
		require.Equal(t, status, delivery.Status)
		require.NotContains(t, delivery.Message, "jane")
		list, err := s.AuditLog.List(t.Context(), audit.Query{Action: "send test mail", Outcome: audit.Failed})
		require.NoError(t, err)
		require.Len(t, list.Items, 1, status)

		for _, to := range []string{"", "nobody", "a@example.com, b@example.com", "Jane <jane@example.org>", "a@example.com\r\nBcc: b@example.com"} {
			_, err = s.SendTestMail(t.Context(), to)
			require.ErrorIs(t, err, store.ErrInvalid, to)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := openApp(t, unreachable).SendTestMail(ended, "jane@example.org")
	require.ErrorIs(t, err, context.Canceled)
}

func TestApp_MailStatus_reportsMissingSettings(t *testing.T) {
	t.Parallel()
	mail := openApp(t, offlineSettings(t)).MailStatus()
	require.False(t, mail.Configured)
	require.Contains(t, mail.Missing, "--smtp")
	require.Empty(t, mail.Security)
	settings := mailSettings(t, smtp.Start(t, nil))
	settings.BaseURL = ""
	mail = openApp(t, settings).MailStatus()
	require.False(t, mail.Configured)
	require.Contains(t, mail.Missing, "--base-url")
}

// The links in mails set passwords.
func TestSMTPSettings_requireTLSForRemoteServers(t *testing.T) {
	t.Parallel()
	for server, local := range map[string]bool{
		"127.0.0.1:25": true, "127.8.8.8": true, "::1": true, "[::1]": true, "[::1]:2525": true, "[::ffff:127.0.0.1]:25": true, "LocalHost:25": true, "localhost": true,
		"mail:25": false, "192.0.2.1:25": false, "[2001:db8::1]:25": false, "localhost.example.com": false, "0.0.0.0:25": false,
	} {
		settings := &app.Settings{SMTP: app.SMTPSettings{Server: server, From: "pbx@example.com", Security: "none"}}
		if local {
			require.NoError(t, settings.Check(), server)
		} else {
			require.ErrorContains(t, settings.Check(), "smtp-security: none is for a mail server on this host", server)
		}
		settings.SMTP.Security = app.Unprotected
		require.NoError(t, settings.Check(), server)
	}
	server := smtp.Start(t, nil)
	settings := mailSettings(t, server)
	settings.SMTP.Security = app.Unprotected
	s := openApp(t, settings)
	require.Equal(t, app.Unprotected, s.MailStatus().Security)
	delivery, err := s.SendTestMail(t.Context(), "jane@example.org")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status, delivery.Message)
	require.False(t, server.Receive(t).Encrypted)
}

func TestUserSettings_MailTemplates_overrideDefaults(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	settings := mailSettings(t, server)
	folder := filepath.Dir(filepath.Dir(writeFile(t, "it/welcome.txt", `{{define "subject"}}Benvenuta{{end}}Ciao {{.Name}}: {{.Link}}`)))
	settings.Users.MailTemplates, settings.Users.Language = folder, "it"
	s := openApp(t, settings)
	require.Contains(t, s.MailStatus().Languages, "it")
	addUser(t, s, userman.User{Username: "jane", Email: "jane@example.org"})
	delivery, err := s.Users.SendMail(t.Context(), usermail.Welcome, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status, delivery.Message)
	mail := server.Receive(t)
	require.Equal(t, "Benvenuta", mail.Get(t, "Subject"))
	require.Contains(t, mail.Text, "Ciao jane: https://pbx.example.com/set-password/")
	require.NoError(t, os.RemoveAll(folder), "they were read at the start")
}

func TestApp_Close_waitsForPendingMail(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	settings := mailSettings(t, server)
	createTestDatabase(t, settings)
	s, err := app.Open(t.Context(), settings, &app.Options{Users: func(o *userman.Options) {
		o.Argon2 = credential.Argon2{Memory: 64, Time: 1, Threads: 1}
	}})
	require.NoError(t, err)
	addUser(t, s, userman.User{Username: "jane", Email: "jane@example.org"})
	require.NoError(t, s.Users.RequestReset(t.Context(), "jane"))
	startTime := time.Now()
	require.NoError(t, s.Close())
	require.Less(t, time.Since(startTime), 10*time.Second)
	require.Equal(t, 1, server.Pending())
}
