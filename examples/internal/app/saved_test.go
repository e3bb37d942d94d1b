package app_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/internal/testservers/ldap"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
)

// texts returns changes of these names and texts.
func texts(pairs ...string) settings.Changes {
	changes := settings.Changes{Set: map[string]field.Value{}}
	for i := 0; i < len(pairs); i += 2 {
		changes.Set[pairs[i]] = field.TextValue(pairs[i+1])
	}
	return changes
}

// requireCodes requires the codes of field errors, by field.
func requireCodes(t *testing.T, err error, want map[string]string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrInvalid)
	fields, _ := store.FieldErrors(err)
	got := map[string]string{}
	for _, f := range fields {
		got[f.Field] = f.Code
	}
	require.Equal(t, want, got)
}

func findSetting(t *testing.T, s *app.App, name string) *app.Setting {
	t.Helper()
	setting, _, err := s.FindSetting(t.Context(), name)
	require.NoError(t, err)
	return setting
}

func sendTestMail(t *testing.T, s *app.App) {
	t.Helper()
	delivery, err := s.Users.Mails().SendTest(t.Context(), "jane@example.org")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status, delivery.Message)
}

func TestApp_SaveSettings_changesMailServerWithoutRestart(t *testing.T) {
	t.Parallel()
	first, second := smtp.Start(t, nil), smtp.Start(t, &smtp.Options{STARTTLS: true, User: "pbx", Password: "hush-hush"})
	base := offlineSettings(t)
	s := openApp(t, base)
	require.False(t, s.MailStatus().Configured)
	require.NoError(t, s.SaveSettings(t.Context(), 0, texts("smtp", first.Addr, "smtp_security", "none", "smtp_from", "pbx@example.com", "product", "ACME")))
	sendTestMail(t, s)
	require.Equal(t, "ACME: a test mail", first.Receive(t).Get(t, "Subject"))

	require.NoError(t, s.SaveSettings(t.Context(), 1, texts("smtp", second.Addr, "smtp_security", "starttls", "smtp_user", "pbx", "smtp_password", "hush-hush",
		"smtp_ca", string(second.Certificate.CertPEM))))
	sendTestMail(t, s)
	require.True(t, second.Receive(t).Encrypted)

	err := s.SaveSettings(t.Context(), 2, texts("smtp", first.Addr))
	requireCodes(t, err, map[string]string{"smtp_password": store.CodeReenter})
	sendTestMail(t, s)
	require.Equal(t, 1, second.Pending(), "nothing has changed")

	// A second program reads the same settings.
	other, err := app.Open(t.Context(), base, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	require.Equal(t, second.Addr, other.Current().SMTP.Address)
	raw, err := os.ReadFile(strings.TrimPrefix(base.DB, "sqlite:"))
	require.NoError(t, err)
	wal, _ := os.ReadFile(strings.TrimPrefix(base.DB, "sqlite:") + "-wal")
	require.NotContains(t, string(raw)+string(wal), "hush-hush", "the password is encrypted")
	list, err := s.AuditLog.List(t.Context(), audit.Query{Kind: settings.Kind})
	require.NoError(t, err)
	for _, entry := range list.Items {
		require.NotContains(t, string(entry.Before)+string(entry.After)+entry.Reason, "hush-hush")
	}
	found, err := s.VerifyAudit(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Findings)
}

func TestApp_RotateKeys_keepsSavedSecrets(t *testing.T) {
	t.Parallel()
	base := offlineSettings(t)
	s := openApp(t, base)
	require.NoError(t, s.SaveSettings(t.Context(), 0, texts("smtp", "127.0.0.1:1", "smtp_security", "none", "smtp_from", "pbx@example.com", "smtp_user", "pbx", "smtp_password", "hush-hush")))
	rotated, err := s.RotateKeys(t.Context(), false)
	require.NoError(t, err)
	require.True(t, rotated.OldKeysDropped)
	other, err := app.Open(t.Context(), base, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	require.Equal(t, "hush-hush", other.Current().SMTP.Password.Reveal())
}

func TestApp_AllSettings_showsSourceAndFixesFlags(t *testing.T) {
	p := newProgram(t, "--product", "From flag")
	t.Setenv("PBXUSERS_LANGUAGE", "de")
	offline := offlineSettings(t)
	path := writeIniFile(t, "session-idle = 30\ndb = "+offline.DB+"\nconf-dir = "+offline.ConfDir+"\nami = none\n")
	require.NoError(t, app.LoadFlags(p.flags, path, true))
	s := openApp(t, p.settings)
	require.NoError(t, s.SaveSettings(t.Context(), 0, settings.Changes{Set: map[string]field.Value{"password_min_length": field.IntValue(20)}}))
	for name, want := range map[string]string{
		"product": "From flag / set by --product", "language": "de / set by PBXUSERS_LANGUAGE", "session_idle": "30 / set by " + path,
		"password_min_length": "20 / saved here", "password_min_score": "3 / default", "smtp_security": "starttls / default",
	} {
		setting := findSetting(t, s, name)
		require.Equal(t, want, setting.Value.String()+" / "+setting.Source.String())
		require.Equal(t, !strings.Contains(want, "set by"), setting.Editable(), name)
	}
	err := s.SaveSettings(t.Context(), 1, texts("product", "ACME", "conf_dir", "/tmp"))
	requireCodes(t, err, map[string]string{"product": store.CodeFixed, "conf_dir": store.CodeFixed})
	_, err = s.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: "jane"}, Password: store.NewSecret("short-otter-73")})
	require.ErrorIs(t, err, store.ErrInvalid, "the saved length is in effect")
}

// A password file cannot be entered again: the page must not send it to another server.
func TestApp_SaveSettings_passwordFileFixesServer(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, &smtp.Options{STARTTLS: true, User: "pbx", Password: "hush"})
	base := mailSettings(t, server)
	base.SMTP.Security, base.SMTP.Username = "", "pbx"
	base.SMTP.PasswordFile = writeFile(t, "password", "hush\n")
	base.SMTP.CAFile = writeFile(t, "ca.pem", string(server.Certificate.CertPEM))
	s := openApp(t, base)
	for _, name := range []string{"smtp", "smtp_security", "smtp_user", "smtp_ca", "smtp_password"} {
		requireCodes(t, s.SaveSettings(t.Context(), 0, texts(name, "evil.example.com")), map[string]string{name: store.CodeFixed})
		require.False(t, findSetting(t, s, name).Editable(), name)
	}
	require.NoError(t, s.SaveSettings(t.Context(), 0, texts("smtp_from", "other@example.com")))
	sendTestMail(t, s)
	require.Equal(t, "other@example.com", server.Receive(t).From)
}

func TestApp_SaveSettings_rejectsInvalidValues(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	for name, c := range map[string]struct {
		changes settings.Changes
		want    map[string]string
	}{
		"no sender":      {texts("smtp", "127.0.0.1"), map[string]string{"smtp_from": store.CodeEmail}},
		"no password":    {texts("smtp", "127.0.0.1", "smtp_from", "a@example.com", "smtp_user", "pbx"), map[string]string{"smtp_password": store.CodeRequired}},
		"no TLS":         {texts("smtp", "mail.example.com", "smtp_from", "a@example.com", "smtp_security", "none"), map[string]string{"smtp_security": store.CodeUnprotected}},
		"no certificate": {texts("smtp", "mail.example.com", "smtp_from", "a@example.com", "smtp_ca", "hush"), map[string]string{"smtp_ca": store.CodeCertificate}},
		"no language":    {texts("language", "hush!"), map[string]string{"language": store.CodeLanguage}},
		"no URL":         {texts("base_url", "ftp://example.com"), map[string]string{"base_url": "base_url"}},
		"no product":     {texts("product", ""), map[string]string{"product": store.CodeRequired}},
		"no interval":    {texts("ldap_sync", "2m"), map[string]string{"ldap_sync": store.CodeOneOf}},
		"a short idle time": {settings.Changes{Set: map[string]field.Value{"session_idle": field.IntValue(1)}}, map[string]string{
			"session_idle": store.CodeMin,
		}},
		"no attribute": {settings.Changes{Set: map[string]field.Value{"ldap_attributes": field.ListValue([]string{"email"})}}, map[string]string{
			"ldap_attributes[0]": "attribute_pair",
		}},
	} {
		err := s.SaveSettings(t.Context(), 0, c.changes)
		requireCodes(t, err, c.want)
		require.NotContains(t, err.Error(), "hush", name)
	}
}

func TestApp_ConfirmPublicURL_onlyFromNewURL(t *testing.T) {
	t.Parallel()
	base := offlineSettings(t)
	base.BaseURL = "http://old.example.com"
	s := openApp(t, base)
	require.ErrorIs(t, s.ConfirmPublicURL(t.Context(), "http://old.example.com"), store.ErrConflict, "there is none")
	require.NoError(t, s.SaveSettings(t.Context(), 0, texts("base_url", "https://NEW.example.com/")))
	require.Equal(t, "http://old.example.com", s.Current().BaseURL, "until it is confirmed")
	require.Equal(t, "http://old.example.com", s.MailStatus().BaseURL)
	require.Equal(t, "https://new.example.com", s.Current().PendingURL)
	for _, origin := range []string{"", "http://old.example.com", "http://new.example.com", "https://new.example.com.evil.com", "https://new.example.com:8443"} {
		require.ErrorIs(t, s.ConfirmPublicURL(t.Context(), origin), store.ErrConflict, origin)
	}
	require.NoError(t, s.ConfirmPublicURL(t.Context(), "https://new.example.com"))
	require.Equal(t, "https://new.example.com", s.Current().BaseURL)
	require.Equal(t, "https://new.example.com", s.MailStatus().BaseURL)
	require.ErrorIs(t, s.ConfirmPublicURL(t.Context(), "https://new.example.com"), store.ErrConflict, "it works once")

	require.NoError(t, s.SaveSettings(t.Context(), 2, texts("base_url", "https://third.example.com")))
	require.NoError(t, s.SaveSettings(t.Context(), 3, texts("base_url", "https://new.example.com")))
	require.Empty(t, s.Current().PendingURL, "the present one again")
	require.NoError(t, s.SaveSettings(t.Context(), 4, settings.Changes{Reset: []string{"base_url"}}))
	require.Equal(t, "http://old.example.com", s.Current().BaseURL)
}

func TestApp_WatchSettings_noticesOtherPrograms(t *testing.T) {
	t.Parallel()
	base := offlineSettings(t)
	server, ctl := openApp(t, base), openApp(t, base)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	changed := make(chan string, 2)
	server.ObserveSettings(func(s *app.Settings) { changed <- s.Users.Product })
	require.Empty(t, <-changed, "at once")
	go func() {
		defer close(ended)
		server.WatchSettings(ctx)
	}()
	require.NoError(t, ctl.SaveSettings(t.Context(), 0, texts("product", "ACME")))
	select {
	case product := <-changed:
		require.Equal(t, "ACME", product)
	case <-time.After(time.Minute):
		t.Fatal("the change was not noticed")
	}
	cancel()
	<-ended
	require.ErrorIs(t, server.SaveSettings(t.Context(), 0, texts("product", "stale")), store.ErrConflict)
}

func TestOpen_savedSettingsThatFailDoNotPreventStart(t *testing.T) {
	t.Parallel()
	base := offlineSettings(t)
	s := openApp(t, base)
	require.NoError(t, s.SaveSettings(t.Context(), 0, texts("smtp", "127.0.0.1:1", "smtp_security", "none", "smtp_from", "pbx@example.com", "product", "ACME")))
	base.SMTP.Username = "pbx" // without a mail server, it does not matter
	other, err := app.Open(t.Context(), base, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	require.ErrorIs(t, other.SettingsProblem(), store.ErrInvalid)
	require.Len(t, other.Warnings, 1)
	require.Contains(t, other.Warnings[0], "pbxctl settings")
	require.False(t, other.MailStatus().Configured)
	require.NoError(t, other.SaveSettings(t.Context(), 1, settings.Changes{Reset: []string{"smtp"}}))
	require.NoError(t, other.SettingsProblem())
	require.Equal(t, "ACME", other.Current().Users.Product)
}

func TestApp_SaveSettings_loginByEmailNeedsUniqueEmails(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	create := func(username, email string) {
		_, err := s.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: username, Email: email}, Password: store.NewSecret(goodPassword)})
		require.NoError(t, err)
	}
	create("jane", "office@example.com")
	create("joan", "office@example.com")
	on := settings.Changes{Set: map[string]field.Value{"login_by_email": field.BoolValue(true)}}
	requireCodes(t, s.SaveSettings(t.Context(), 0, on), map[string]string{"login_by_email": store.CodeConflict})
	_, err := s.Users.Update(t.Context(), "joan", func(u *userman.User) error { u.Email = "joan@example.com"; return nil })
	require.NoError(t, err)
	require.NoError(t, s.SaveSettings(t.Context(), 0, on))
	found, err := s.Users.VerifyPassword(t.Context(), "joan@example.com", store.NewSecret(goodPassword))
	require.NoError(t, err)
	require.True(t, found, "in effect at once")
}

func TestApp_TestDirectory_readsCandidate(t *testing.T) {
	t.Parallel()
	server := startLDAP(t)
	s := openApp(t, offlineSettings(t))
	_, err := s.TestDirectory(t.Context(), settings.Changes{})
	require.ErrorIs(t, err, store.ErrNotFound)
	changes := texts("ldap_bind_dn", ldap.ReaderDN, "ldap_password", server.ReaderPassword, "ldap_base_dn", "ou=people,"+ldap.BaseDN, "ldap_ca", string(server.Certificate.CertPEM))
	changes.Set["ldap_url"] = field.ListValue([]string{server.TLSURL()})
	result, err := s.TestDirectory(t.Context(), changes)
	require.NoError(t, err)
	require.Equal(t, &app.DirectoryTest{Entries: []app.PreviewEntry{{Username: "jane", Name: "Roe", Groups: []string{}}}}, result)
	require.Empty(t, s.Users.Directories(), "it is not saved")

	require.NoError(t, s.SaveSettings(t.Context(), 0, changes))
	require.Len(t, s.Users.Directories(), 1)
	changes.Set["ldap_url"] = field.ListValue([]string{"ldaps://127.0.0.1:1"})
	delete(changes.Set, "ldap_password")
	_, err = s.TestDirectory(t.Context(), changes)
	requireCodes(t, err, map[string]string{"ldap_password": store.CodeReenter})
	changes.Set["ldap_password"] = field.TextValue("wrong")
	result, err = s.TestDirectory(t.Context(), changes)
	require.NoError(t, err)
	require.Contains(t, result.Problem, "The directory could not be read")
}

func TestApp_TestMail_usesCandidate(t *testing.T) {
	t.Parallel()
	saved, typed := smtp.Start(t, nil), smtp.Start(t, nil)
	s := openApp(t, mailSettings(t, saved))
	delivery, err := s.TestMail(t.Context(), texts("smtp", typed.Addr), "jane@example.org")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status)
	require.Equal(t, []string{"jane@example.org"}, typed.Receive(t).To)
	_, err = s.TestMail(t.Context(), settings.Changes{}, "jane@example.org")
	require.NoError(t, err)
	require.Equal(t, []string{"jane@example.org"}, saved.Receive(t).To)
}

func TestApp_TestAsterisk_reportsProblem(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	connection, err := s.TestAsterisk(t.Context(), settings.Changes{})
	require.NoError(t, err)
	require.Empty(t, connection.Problem)
	connection, err = s.TestAsterisk(t.Context(), texts("ami", "127.0.0.1:1"))
	require.NoError(t, err)
	require.NotEmpty(t, connection.Problem)
	require.Equal(t, app.NoAsterisk, s.Current().AMI)
}
