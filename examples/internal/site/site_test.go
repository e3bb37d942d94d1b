package site_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/internal/peers"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// offline are the settings of a site without an Asterisk, with a configuration
// folder as Debian lays it out.
func offline(t *testing.T) site.Settings {
	t.Helper()
	confDir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(confDir, "manager.conf"), []byte("[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"), 0o600))
	return site.Settings{
		DB: "sqlite:" + filepath.Join(t.TempDir(), "pbxusers.db"), ConfDir: confDir, AMI: site.NoAsterisk, AMIUser: "pbxusers",
	}
}

// onAsterisk are the settings of a site whose Asterisk runs.
func onAsterisk(t *testing.T, opts *peers.AsteriskOptions) site.Settings {
	t.Helper()
	asterisk := peers.StartAsterisk(t, opts)
	return site.Settings{
		DB:      "sqlite:" + filepath.Join(t.TempDir(), "pbxusers.db"),
		ConfDir: asterisk.ConfDir, AMIUser: "pbxusers", Asterisk: strings.Join(asterisk.Command(), " "),
	}
}

// place makes the database of the settings, unless there is one.
func place(t *testing.T, settings site.Settings) {
	t.Helper()
	path := strings.TrimPrefix(settings.DB, "sqlite:")
	if _, err := os.Stat(path); err == nil {
		return
	}
	_, err := store.OpenKeyring(filepath.Join(filepath.Dir(path), "pbxusers.key"))
	require.NoError(t, err)
	sqlitetest.Place(t, path)
}

// open opens the database of the settings, which it makes where there is none,
// with passwords that cost little.
func open(t *testing.T, settings site.Settings) *site.Site {
	t.Helper()
	place(t, settings)
	s, err := site.Open(t.Context(), settings, &site.Options{
		Administrators: func(o *ampusers.Options) { o.Argon2 = ampusers.Argon2{Memory: 64, Time: 1, Threads: 1} },
		People:         func(o *userman.Options) { o.Argon2 = userman.Argon2{Memory: 64, Time: 1, Threads: 1} },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestOpenMakesADatabaseOnlyWhenAskedTo(t *testing.T) {
	t.Parallel()
	settings := offline(t)
	folder := filepath.Dir(strings.TrimPrefix(settings.DB, "sqlite:"))
	_, err := site.Open(t.Context(), settings, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Contains(t, site.WayOut(err), "Name it with --db")
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)

	for _, opts := range []*site.Options{{Create: true}, nil} {
		s, err := site.Open(t.Context(), settings, opts)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}

	require.NoError(t, os.Remove(filepath.Join(folder, "pbxusers.key")))
	_, err = site.Open(t.Context(), settings, &site.Options{Create: true})
	require.ErrorContains(t, err, "there is no key file of the database", "a new key could not read the secrets")

	settings.DB = "postgres:x"
	_, err = site.Open(t.Context(), settings, nil)
	require.ErrorIs(t, err, store.ErrInvalid)
}

func TestTheSectionsAreThoseOfTheServer_andApply(t *testing.T) {
	t.Parallel()
	s := open(t, offline(t))
	var ids []string
	for _, section := range s.Administrators.Sections() {
		require.NotEmpty(t, section.Name)
		require.NotEmpty(t, section.Description)
		ids = append(ids, section.ID)
	}
	require.Equal(t, []string{"administrators", "managers", "people", "groups", "verify", "audit", "settings", "apply"}, ids)
}

func TestWhoLogsInWithAnAMIAccountIsToldSo_andNobodyElse(t *testing.T) {
	t.Parallel()
	s := open(t, offline(t))
	_, err := s.Managers.Create(t.Context(), &manager.User{Name: "crm", Secret: store.NewSecret("a long secret of an account")})
	require.NoError(t, err)
	var refused *ampusers.LoginError
	_, err = s.Administrators.Authenticate(t.Context(), ampusers.Attempt{
		Username: "crm", Password: store.NewSecret("a long secret of an account"), Source: "192.0.2.1",
	})
	require.ErrorAs(t, err, &refused)
	require.Equal(t, ampusers.OtherAccount, refused.Code)
	require.Contains(t, refused.Message, "This is an AMI account: ")
	for _, username := range []string{"crm", "nobody"} {
		_, err = s.Administrators.Authenticate(t.Context(), ampusers.Attempt{
			Username: username, Password: store.NewSecret("a guess"), Source: "192.0.2.2",
		})
		require.ErrorAs(t, err, &refused)
		require.Equal(t, ampusers.WrongPassword, refused.Code)
	}
}

func TestInstall_bringsTheSiteToAsterisk_andIsKeptInTheTrail(t *testing.T) {
	t.Parallel()
	s := open(t, onAsterisk(t, &peers.AsteriskOptions{NoAMIUser: true}))
	connection, err := s.TestConnection(t.Context())
	require.NoError(t, err)
	require.False(t, connection.OK)
	require.Contains(t, connection.Problem, "no secret for the AMI account pbxusers")
	require.Contains(t, connection.Problem, ". Run 'pbxctl config install'")

	plan, err := s.PlanInstall(t.Context())
	require.NoError(t, err)
	require.False(t, plan.Empty())
	_, err = s.PlanInstall(t.Context(), "nonsense")
	require.ErrorIs(t, err, store.ErrInvalid)

	installed, err := s.Install(t.Context())
	require.NoError(t, err)
	require.Equal(t, plan.Files, installed.Installation.Files)
	require.True(t, installed.Report.Verified)
	connection, err = s.TestConnection(t.Context())
	require.NoError(t, err)
	require.True(t, connection.OK, connection.Problem)
	require.Regexp(t, `^\d+\.\d+`, connection.Version)
	require.Equal(t, s.Settings.ConfDir, connection.ConfDir)
	require.Equal(t, "pbxusers", connection.User)
	require.NotEmpty(t, connection.Address)

	client, err := s.Dial(t.Context(), "")
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	_, err = s.Managers.Create(t.Context(), &manager.User{Name: "crm"})
	require.NoError(t, err)
	var steps []string
	folder, err := s.Folder(client, func(p asteriskconf.Progress) { steps = append(steps, p.Step) })
	require.NoError(t, err)
	_, err = folder.Apply(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, steps)

	verified, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, verified.Problems)
	require.EqualValues(t, 2, verified.Records)
}

func TestInstall_stopsAtAnObstacle_andGoesOnOnceItIsMended(t *testing.T) {
	t.Parallel()
	s := open(t, onAsterisk(t, &peers.AsteriskOptions{Files: map[string]string{
		"manager.conf": "[general]\nenabled = no\nport = {{port}}\nbindaddr = 127.0.0.1\n",
	}}))
	installed, err := s.Install(t.Context())
	require.NoError(t, err)
	require.Nil(t, installed.Report)
	require.Equal(t, manager.ObstacleDisabled, installed.Installation.Obstacles[0].Code)
	_, err = s.Install(t.Context(), "nonsense")
	require.ErrorIs(t, err, store.ErrInvalid)
	connection, err := s.TestConnection(t.Context())
	require.NoError(t, err)
	require.False(t, connection.OK)

	installed, err = s.Install(t.Context(), manager.ObstacleDisabled)
	require.NoError(t, err)
	require.True(t, installed.Report.Verified)
}

func TestTestConnection_saysWhatIsWrongAndTheWayOut(t *testing.T) {
	t.Parallel()
	settings := offline(t)
	s := open(t, settings)
	connection, err := s.TestConnection(t.Context())
	require.NoError(t, err)
	require.Equal(t, &site.Connection{ConfDir: settings.ConfDir, User: "pbxusers"}, connection, "there is none to talk to")

	_, err = s.Install(t.Context())
	require.NoError(t, err)
	s.Settings.AMI = "127.0.0.1:1"
	connection, err = s.TestConnection(t.Context())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:1", connection.Address)
	require.Contains(t, connection.Problem, "127.0.0.1:1 cannot be reached")
	require.Contains(t, connection.Problem, ". Start Asterisk, or say with --ami")

	s.Settings.AMI, s.Settings.ConfDir = "", t.TempDir()
	connection, err = s.TestConnection(t.Context())
	require.NoError(t, err)
	require.Contains(t, connection.Problem, "manager.conf")
}
