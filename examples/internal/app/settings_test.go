package app_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

// writeFile writes a file that only its owner can read.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestSettings_Register_userSettingsAsIniKeys(t *testing.T) {
	t.Parallel()
	password := writeFile(t, "password", "hush\r\n")
	p := newProgram(t)
	require.NoError(t, app.LoadFlags(p.flags, writeIniFile(t, `
base-url = https://PBX.example.com/
product = ACME Telephony
language = de
login-by-email = true
login-by-extension = true
password-lifetime = 90
smtp = mail.example.com:587
smtp-from = ACME Telephony <pbx@example.com>
smtp-user = pbx
smtp-password-file = `+password+`
ldap-url = ldaps://dc1.example.com, ldaps://dc2.example.com
ldap-name = head-office
ldap-kind = active-directory
ldap-bind-dn = cn=reader,dc=example,dc=com
ldap-password-file = `+password+`
ldap-base-dn = dc=example,dc=com
ldap-filter = (objectClass=user)
ldap-group-base-dn = ou=groups,dc=example,dc=com
ldap-max-removals = 0.25
ldap-adopt = same-user
ldap-attributes = default_extension=extensionAttribute1,fax=
ldap-external-id = objectSid
ldap-group-filter = (objectClass=group)
ldap-nested-groups = true
ldap-delete-after = 0
`), true))
	s := p.settings
	require.NoError(t, s.Check())
	require.Equal(t, "https://pbx.example.com", s.BaseURL)
	require.Equal(t, app.UserSettings{Options: userman.Options{
		Product: "ACME Telephony", Language: "de", LoginByEmail: true, LoginByExtension: true, PasswordLifetime: 90 * 24 * time.Hour, MinPasswordLength: 12, MinPasswordScore: 3,
	}}, s.Users)
	require.Equal(t, map[string]string{"default_extension": "extensionAttribute1", "fax": ""}, s.LDAP.AttributeMap)
	require.Equal(t, "objectSid (objectClass=group) true", fmt.Sprint(s.LDAP.ExternalID, " ", s.LDAP.GroupFilter, " ", s.LDAP.NestedGroups))
	require.Len(t, s.LDAP.URLs, 2, "blanks behind a comma do not matter")
	require.Equal(t, &userman.SyncOptions{MaxRemovalRatio: 0.25, DeleteAfter: -1, Adopt: userman.AdoptAsSameUser}, s.SyncOptions(), "0 days never delete")
}

func TestSettings_Register_packageDefaults(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	require.NoError(t, p.settings.Check())
	require.NoError(t, new(app.Settings).Check())
	require.Equal(t, &userman.SyncOptions{MaxRemovalRatio: 0.1, DeleteAfter: 30 * 24 * time.Hour, Adopt: userman.AdoptNever}, p.settings.SyncOptions())
	for name, want := range map[string]string{
		"product": "pbxusers", "language": "en", "password-lifetime": "0", "smtp-security": "starttls",
		"ldap-name": "ldap", "ldap-kind": "openldap", "ldap-max-removals": "0.1", "ldap-delete-after": "30", "base-url": "",
	} {
		require.Equal(t, want, p.flags.Lookup(name).DefValue, name)
	}
}

func TestOpen_rejectsInvalidSettingsWithoutEchoingValues(t *testing.T) {
	t.Parallel()
	smtp := app.SMTPSettings{Options: smtpmailer.Options{Address: "mail.example.com", From: "pbx@example.com"}}
	ldap := app.LDAPSettings{Options: ldapdir.Options{URLs: []string{"ldap://127.0.0.1"}, BaseDN: "dc=example,dc=com"}}
	for name, test := range map[string]struct {
		change func(*app.Settings)
		fields []string
	}{
		"no address of pages":   {func(s *app.Settings) { s.BaseURL = "hush" }, []string{"base-url"}},
		"a path of pages":       {func(s *app.Settings) { s.BaseURL = "https://hush/x" }, []string{"base-url"}},
		"no language":           {func(s *app.Settings) { s.Users.Language = "hush!" }, []string{"language"}},
		"a time before 0":       {func(s *app.Settings) { s.Users.PasswordLifetime = -1 }, []string{"password-lifetime"}},
		"no sender":             {func(s *app.Settings) { s.SMTP.Address = "hush.example.com" }, []string{"smtp-from"}},
		"no server":             {func(s *app.Settings) { s.SMTP = smtp; s.SMTP.Address = "hush:port" }, []string{"smtp"}},
		"no security":           {func(s *app.Settings) { s.SMTP = smtp; s.SMTP.Security = "hush" }, []string{"smtp-security"}},
		"links for all to read": {func(s *app.Settings) { s.SMTP = smtp; s.SMTP.Security = "none" }, []string{"smtp-security"}},
		"a login for all to read": {func(s *app.Settings) {
			s.SMTP = smtp
			s.SMTP.Security, s.SMTP.Username, s.SMTP.PasswordFile = smtpmailer.Unprotected, "hush", writeFile(t, "password", "hush")
		}, []string{"smtp-password-file"}},
		"no password":       {func(s *app.Settings) { s.SMTP = smtp; s.SMTP.Username = "hush" }, []string{"smtp-password-file"}},
		"an empty password": {func(s *app.Settings) { s.SMTP = smtp; s.SMTP.PasswordFile = writeFile(t, "empty", "\n") }, []string{"smtp-password-file"}},
		"no certificate":    {func(s *app.Settings) { s.SMTP = smtp; s.SMTP.CAFile = writeFile(t, "ca", "hush") }, []string{"smtp-ca-file"}},
		"no URLs":           {func(s *app.Settings) { s.LDAP = ldap; s.LDAP.URLs = []string{"ldap://x", "http://hush"} }, []string{"ldap-url[1]"}},
		"no name":           {func(s *app.Settings) { s.LDAP = ldap; s.LDAP.Name = "Hush!" }, []string{"ldap-name"}},
		"no base":           {func(s *app.Settings) { s.LDAP = ldap; s.LDAP.BaseDN = "hush" }, []string{"ldap-base-dn"}},
		"no group base":     {func(s *app.Settings) { s.LDAP = ldap; s.LDAP.GroupBaseDN = "hush" }, []string{"ldap-group-base-dn"}},
		"no filter":         {func(s *app.Settings) { s.LDAP = ldap; s.LDAP.Filter = "hush" }, []string{"ldap-filter"}},
		"no kind":           {func(s *app.Settings) { s.LDAP = ldap; s.LDAP.Kind = "hush" }, []string{"ldap-kind"}},
		"no share":          {func(s *app.Settings) { s.LDAP = ldap; s.LDAP.Sync.MaxRemovalRatio = 2 }, []string{"ldap-max-removals"}},
		"no reader":         {func(s *app.Settings) { s.LDAP = ldap; s.LDAP.BindDN = "cn=hush" }, []string{"ldap-password-file"}},
		"all at once": {func(s *app.Settings) {
			s.BaseURL, s.SMTP.Address, s.LDAP.URLs = "hush", "x", []string{"hush"}
		}, []string{"base-url", "smtp-from", "ldap-url[0]", "ldap-base-dn"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := offlineSettings(t)
			test.change(&settings)
			_, err := app.Open(t.Context(), settings, &app.Options{Create: true})
			var invalid *store.InvalidError
			require.ErrorAs(t, err, &invalid)
			fields := make([]string, len(invalid.Fields))
			for i, field := range invalid.Fields {
				fields[i] = field.Field
			}
			require.ElementsMatch(t, test.fields, fields)
			require.NotContains(t, err.Error(), "hush")
			require.NoFileExists(t, settings.DB[len("sqlite:"):], "before a database is created")
		})
	}
}

func TestSettings_Check_namesUnreadableFiles(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	smtp, ldap := smtpmailer.Options{Address: "127.0.0.1"}, ldapdir.Options{URLs: []string{"ldap://127.0.0.1"}}
	for flag, settings := range map[string]app.Settings{
		"smtp-password-file": {SMTP: app.SMTPSettings{Options: smtp, PasswordFile: missing}},
		"smtp-ca-file":       {SMTP: app.SMTPSettings{Options: smtp, CAFile: missing}},
		"ldap-password-file": {LDAP: app.LDAPSettings{Options: ldap, PasswordFile: missing}},
		"ldap-ca-file":       {LDAP: app.LDAPSettings{Options: ldap, CAFile: missing}},
		"mail-templates":     {Users: app.UserSettings{MailTemplates: missing}},
	} {
		err := settings.Check()
		require.ErrorIs(t, err, os.ErrNotExist, flag)
		require.ErrorContains(t, err, "--"+flag+": ")
		require.Contains(t, app.Hint(err), "--"+flag)
	}
	badTemplate := writeFile(t, "de/welcome.txt", "{{define \"subject\"}}{{end}}{{.Nonsense}}")
	err := (&app.Settings{Users: app.UserSettings{MailTemplates: filepath.Dir(filepath.Dir(badTemplate))}}).Check()
	require.ErrorContains(t, err, "de/welcome.txt")
	err = (&app.Settings{Users: app.UserSettings{MailTemplates: badTemplate}}).Check()
	require.ErrorContains(t, err, "not a folder")
}

func TestOpen_warnsAboutReadablePasswordFile(t *testing.T) {
	t.Parallel()
	settings := offlineSettings(t)
	settings.SMTP = app.SMTPSettings{
		Options:      smtpmailer.Options{Address: "127.0.0.1", From: "pbx@example.com", Username: "pbx", Security: smtpmailer.None},
		PasswordFile: writeFile(t, "password", "hush"),
	}
	createTestDatabase(t, settings)
	logOutput := func() string {
		var log bytes.Buffer
		s, err := app.Open(t.Context(), settings, &app.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NotContains(t, log.String(), "hush")
		return log.String()
	}
	require.NotContains(t, logOutput(), "chmod")
	require.NoError(t, os.Chmod(settings.SMTP.PasswordFile, 0o640))
	require.Contains(t, logOutput(), "chmod 600")
}

func TestLDAPSettings_kindSelectsAttributes(t *testing.T) {
	t.Parallel()
	settings := offlineSettings(t)
	settings.LDAP.Options = ldapdir.Options{URLs: []string{"ldap://127.0.0.1:1"}, BaseDN: "dc=example,dc=com", Kind: ldapdir.ActiveDirectory}
	directories := openApp(t, settings).Users.Directories()
	require.Len(t, directories, 1)
	directory, ok := directories[0].(*ldapdir.Directory)
	require.True(t, ok)
	require.True(t, directory.OwnsField("default_extension"))
	require.False(t, directory.OwnsField("other_emails"))

	settings = offlineSettings(t)
	settings.LDAP.Options = ldapdir.Options{URLs: []string{"ldap://127.0.0.1:1"}, BaseDN: "dc=example,dc=com"}
	directory, ok = openApp(t, settings).Users.Directories()[0].(*ldapdir.Directory)
	require.True(t, ok)
	require.True(t, directory.OwnsField("other_emails"))
}
