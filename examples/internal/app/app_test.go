package app_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
)

// offlineSettings are the settings of an installation without an Asterisk, with a configuration
// folder as Debian lays it out.
func offlineSettings(t *testing.T) app.Settings {
	t.Helper()
	confDir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(confDir, "manager.conf"), []byte("[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"), 0o600))
	return app.Settings{
		DB: "sqlite:" + filepath.Join(t.TempDir(), "pbxusers.db"), ConfDir: confDir, AMI: app.NoAsterisk, AMIUser: "pbxusers",
	}
}

// asteriskSettings are the settings of an installation with a running Asterisk.
func asteriskSettings(t *testing.T, opts *testservers.AsteriskOptions) app.Settings {
	t.Helper()
	asterisk := testservers.StartAsterisk(t, opts)
	return app.Settings{
		DB:      "sqlite:" + filepath.Join(t.TempDir(), "pbxusers.db"),
		ConfDir: asterisk.ConfDir, AMIUser: "pbxusers", Asterisk: strings.Join(asterisk.Command(), " "),
	}
}

// createTestDatabase makes the database of the settings, unless there is one.
func createTestDatabase(t *testing.T, settings app.Settings) {
	t.Helper()
	path := strings.TrimPrefix(settings.DB, "sqlite:")
	if _, err := os.Stat(path); err == nil {
		return
	}
	_, err := store.OpenKeyring(filepath.Join(filepath.Dir(path), "pbxusers.key"))
	require.NoError(t, err)
	sqlitetest.Create(t, path)
}

// openApp opens the database of the settings, which it makes where there is none,
// with passwords that cost little.
func openApp(t *testing.T, settings app.Settings) *app.App {
	t.Helper()
	createTestDatabase(t, settings)
	s, err := app.Open(t.Context(), settings, &app.Options{
		Administrators: func(o *ampusers.Options) { o.Argon2 = credential.Argon2{Memory: 64, Time: 1, Threads: 1} },
		Users:          func(o *userman.Options) { o.Argon2 = credential.Argon2{Memory: 64, Time: 1, Threads: 1} },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestOpen_createsDatabaseOnlyOnRequest(t *testing.T) {
	t.Parallel()
	settings := offlineSettings(t)
	folder := filepath.Dir(strings.TrimPrefix(settings.DB, "sqlite:"))
	_, err := app.Open(t.Context(), settings, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Contains(t, app.Hint(err), "Set its path with --db")
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, entries)

	for _, opts := range []*app.Options{{Create: true}, nil} {
		s, err := app.Open(t.Context(), settings, opts)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}

	require.NoError(t, os.Remove(filepath.Join(folder, "pbxusers.key")))
	_, err = app.Open(t.Context(), settings, &app.Options{Create: true})
	require.ErrorContains(t, err, "there is no key file of the database", "a new key could not read the secrets")

	settings.DB = "postgres:x"
	_, err = app.Open(t.Context(), settings, nil)
	require.ErrorIs(t, err, store.ErrInvalid)
}

func TestOpen_warnsOfReadableDatabase(t *testing.T) {
	t.Parallel()
	settings := offlineSettings(t)
	createTestDatabase(t, settings)
	path := strings.TrimPrefix(settings.DB, "sqlite:")
	require.Empty(t, openApp(t, settings).Warnings)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
		require.NoError(t, os.Chmod(path, mode))
		var log bytes.Buffer
		s, err := app.Open(t.Context(), settings, &app.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.Contains(t, s.Warnings, "other users of this host can read the database; run: chmod 600 "+path)
		require.Contains(t, log.String(), "level=WARN msg=\"other users of this host can read the database; run: chmod 600 "+path)
	}
}

func TestSections_includeApply(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	var ids []string
	for _, section := range s.Administrators.Sections() {
		require.NotEmpty(t, section.Name)
		require.NotEmpty(t, section.Description)
		ids = append(ids, section.ID)
	}
	require.Equal(t, []string{"administrators", "ami-accounts", "users", "groups", "verify", "audit", "settings", "apply"}, ids)
}

func TestLogin_amiAccountRejectedWithHint(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	_, err := s.AMIAccounts.Create(t.Context(), &manager.Account{Name: "crm", Secret: store.NewSecret("a long secret of an account")})
	require.NoError(t, err)
	var loginErr *credential.LoginError
	_, err = s.Administrators.Authenticate(t.Context(), credential.LoginAttempt{
		Username: "crm", Password: store.NewSecret("a long secret of an account"), RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	})
	require.ErrorAs(t, err, &loginErr)
	require.Equal(t, credential.WrongAccountType, loginErr.Code)
	require.Contains(t, loginErr.Message, "This is an AMI account: ")
	for _, username := range []string{"crm", "nobody"} {
		_, err = s.Administrators.Authenticate(t.Context(), credential.LoginAttempt{
			Username: username, Password: store.NewSecret("a guess"), RemoteAddr: netip.MustParseAddr("192.0.2.2"),
		})
		require.ErrorAs(t, err, &loginErr)
		require.Equal(t, credential.InvalidCredentials, loginErr.Code)
	}
}

func TestApp_Host_installsAndRecordsAudit(t *testing.T) {
	t.Parallel()
	s := openApp(t, asteriskSettings(t, &testservers.AsteriskOptions{NoAMIUser: true}))
	connection, err := s.CheckConnection(t.Context())
	require.NoError(t, err)
	require.False(t, connection.OK)
	require.Contains(t, connection.Problem, "no secret for the AMI account pbxusers")
	require.Contains(t, connection.Problem, ". Run 'pbxctl config install'")

	plan, err := s.Settings.Host().PlanInstall(t.Context())
	require.NoError(t, err)
	require.False(t, plan.Empty())
	_, err = s.Settings.Host().PlanInstall(t.Context(), "nonsense")
	require.ErrorIs(t, err, store.ErrInvalid)

	installed, err := s.Host().Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, plan.Files, installed.Installation.Files)
	require.True(t, installed.Report.Verified)
	connection, err = s.CheckConnection(t.Context())
	require.NoError(t, err)
	require.True(t, connection.OK, connection.Problem)
	require.Regexp(t, `^\d+\.\d+`, connection.Version)
	require.Equal(t, s.Settings.ConfDir, connection.ConfDir)
	require.Equal(t, "pbxusers", connection.User)
	require.NotEmpty(t, connection.Address)

	client, err := s.Host().Dial(t.Context(), "")
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	_, err = s.AMIAccounts.Create(t.Context(), &manager.Account{Name: "crm"})
	require.NoError(t, err)
	var steps []string
	folder, err := s.Host().ConfigDir(client, func(p asteriskconf.Progress) { steps = append(steps, p.Step) })
	require.NoError(t, err)
	_, err = folder.Apply(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, steps)

	verified, err := s.VerifyAudit(t.Context())
	require.NoError(t, err)
	require.Empty(t, verified.Findings)
	require.EqualValues(t, 2, verified.Records)
}

func TestApp_CheckConnection_reportsProblemAndHint(t *testing.T) {
	t.Parallel()
	settings := offlineSettings(t)
	s := openApp(t, settings)
	connection, err := s.CheckConnection(t.Context())
	require.NoError(t, err)
	require.Equal(t, &app.Connection{ConfDir: settings.ConfDir, User: "pbxusers"}, connection, "there is none to talk to")

	_, err = s.Host().Install(t.Context())
	require.NoError(t, err)
	saveSettings(t, s, map[string]field.Value{"ami": field.TextValue("127.0.0.1:1")})
	connection, err = s.CheckConnection(t.Context())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:1", connection.Address)
	require.Contains(t, connection.Problem, "127.0.0.1:1 is unreachable")
	require.Contains(t, connection.Problem, ". Start Asterisk, or set --ami")

	s.Settings.ConfDir = t.TempDir()
	saveSettings(t, s, map[string]field.Value{"ami": field.TextValue("")})
	connection, err = s.CheckConnection(t.Context())
	require.NoError(t, err)
	require.Contains(t, connection.Problem, "manager.conf")
}

// saveSettings saves values on top of what is saved.
func saveSettings(t *testing.T, s *app.App, values map[string]field.Value) {
	t.Helper()
	_, revision, err := s.AllSettings(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.SaveSettings(t.Context(), revision, settings.Changes{Set: values}))
}
