package app_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// mailSettings are the settings of an installation with a mail server.
func mailSettings(t *testing.T, server *smtp.Server) app.Settings {
	t.Helper()
	settings := offlineSettings(t)
	settings.BaseURL = "https://pbx.example.com"
	settings.SMTP = app.SMTPSettings{Options: smtpmailer.Options{Address: server.Addr, From: "ACME Telephony <pbx@example.com>", Security: smtpmailer.None}}
	return settings
}

func TestSMTPSettings_useSTARTTLSAndLogin(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, &smtp.Options{STARTTLS: true, User: "pbx", Password: "hush"})
	settings := mailSettings(t, server)
	settings.Users.Product = "ACME 电话"
	settings.SMTP.Security, settings.SMTP.Username = "", "pbx"
	settings.SMTP.PasswordFile = writeFile(t, "password", "hush\n")
	settings.SMTP.CAFile = writeFile(t, "ca.pem", string(server.Certificate.CertPEM))
	s := openApp(t, settings)
	require.Equal(t, app.MailStatus{
		Configured: true, Server: server.Addr, From: "ACME Telephony <pbx@example.com>", Security: "starttls", BaseURL: "https://pbx.example.com",
		Languages: []string{"de", "en", "es", "fr", "zh"},
	}, s.MailStatus())

	delivery, err := s.Users.Mails().SendTest(t.Context(), " jane@example.org ")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status, delivery.Message)
	mail := server.Receive(t)
	require.True(t, mail.Encrypted)
	require.Equal(t, []string{"jane@example.org"}, mail.To)
	require.Equal(t, "pbx.example.com", mail.LocalName, "the host of the public URL")
	require.Equal(t, "ACME 电话: a test mail", mail.Get(t, "Subject"))
	require.Contains(t, mail.Text, "https://pbx.example.com")
	list, err := s.AuditLog.List(t.Context(), audit.Query{Action: "send test mail"})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	require.Equal(t, audit.Succeeded, list.Items[0].Outcome)
	require.NotContains(t, list.Items[0].Key, "jane")
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
		settings := &app.Settings{SMTP: app.SMTPSettings{Options: smtpmailer.Options{Address: server, From: "pbx@example.com", Security: smtpmailer.None}}}
		if local {
			require.NoError(t, settings.Check(), server)
		} else {
			require.ErrorContains(t, settings.Check(), "smtp-security: none is only for a mail server on this host", server)
		}
		settings.SMTP.Security = smtpmailer.Unprotected
		require.NoError(t, settings.Check(), server)
	}
	server := smtp.Start(t, nil)
	settings := mailSettings(t, server)
	settings.SMTP.Security = smtpmailer.Unprotected
	s := openApp(t, settings)
	require.Equal(t, string(smtpmailer.Unprotected), s.MailStatus().Security)
	delivery, err := s.Users.Mails().SendTest(t.Context(), "jane@example.org")
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
	delivery, err := s.Users.Mails().Send(t.Context(), usermail.Welcome, "jane")
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
