package servertest

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/serving"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// Options of [Start].
type Options struct {
	// Asterisk is the Asterisk that the server configures. Defaults to none: the
	// configuration folder has the layout of Debian, and an apply writes files
	// without verifying them.
	Asterisk *testservers.Asterisk
	// DataDir is the folder of the database, so that a second server can continue
	// with it. Defaults to a new folder.
	DataDir string
	// BaseURL is the start of links. Defaults to the URL of the server.
	BaseURL string
	// TrustedProxies are the proxies whose X-Forwarded-For is trusted. Defaults
	// to none.
	TrustedProxies []netip.Prefix
	// Settings changes the settings before the server starts. Defaults to no
	// changes.
	Settings func(*app.Settings)
	// Administrators changes the options of the administrators, whose passwords
	// are hashed with minimal cost. Defaults to no changes.
	Administrators func(*ampusers.Options)
	// Users changes the options of the users, whose passwords are hashed with
	// minimal cost. Defaults to no changes.
	Users func(*userman.Options)
	// Logger receives all log entries. Defaults to the log of the test.
	Logger *slog.Logger
	// Clock returns the time, for the server, the administrators and the users.
	// Defaults to time.Now.
	Clock func() time.Time
}

// Server is a server that runs until the end of its test, or until Stop.
type Server struct {
	// URL is the start of every address: "http://127.0.0.1:" and a port.
	URL string
	// Site is the application. Changes to it bypass the rules of the pages.
	Site *app.App
	// DataDir is the folder of the database.
	DataDir string

	stop     context.CancelFunc
	serveErr chan error
}

// Start starts a server. nil options work.
func Start(t testing.TB, opts *Options) *Server {
	t.Helper()
	if opts == nil {
		opts = &Options{}
	}
	logger := opts.Logger
	if logger == nil {
		logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	s := &Server{DataDir: opts.DataDir, serveErr: make(chan error, 1)}
	if s.DataDir == "" {
		s.DataDir = t.TempDir()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.URL = "http://" + listener.Addr().String()
	base := opts.BaseURL
	if base == "" {
		base = s.URL
	}
	s.openSite(t, opts, base, logger)
	require.NoError(t, s.Site.Users.LoginNames().Apply(t.Context()))
	server, err := serving.New(s.Site, &serving.Options{
		BaseURL: base, TrustedProxies: opts.TrustedProxies, Logger: logger, Clock: opts.Clock,
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s.stop = stop
	t.Cleanup(func() { s.Stop(t) })
	go func() {
		s.serveErr <- server.Serve(ctx, listener)
		close(s.serveErr)
	}()
	return s
}

// Stop stops the server like a signal, and returns when it has stopped. It may be
// called again.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.stop()
	if err, running := <-s.serveErr; running {
		require.NoError(t, err)
		require.NoError(t, s.Site.Close())
	}
}

func (s *Server) openSite(t testing.TB, opts *Options, base string, logger *slog.Logger) {
	t.Helper()
	settings := app.Settings{
		BaseURL:  base,
		DB:       "sqlite:" + filepath.Join(s.DataDir, "pbxusers.db"),
		AMIUser:  "pbxusers",
		AMI:      app.NoAsterisk,
		Asterisk: "asterisk",
	}
	if opts.Asterisk != nil {
		settings.ConfDir, settings.AMI = opts.Asterisk.ConfDir, ""
		settings.Asterisk = strings.Join(opts.Asterisk.Command(), " ")
	} else {
		settings.ConfDir = newConfigDir(t)
	}
	if opts.Settings != nil {
		opts.Settings(&settings)
	}
	s.createDatabase(t)
	var err error
	s.Site, err = app.Open(t.Context(), settings, &app.Options{
		Create: true, Logger: logger,
		Administrators: func(o *ampusers.Options) {
			o.Argon2 = credential.Argon2{Memory: 64, Time: 1, Threads: 1}
			o.Clock = opts.Clock
			if opts.Administrators != nil {
				opts.Administrators(o)
			}
		},
		Users: func(o *userman.Options) {
			o.Argon2 = credential.Argon2{Memory: 64, Time: 1, Threads: 1}
			o.Clock = opts.Clock
			if opts.Users != nil {
				opts.Users(o)
			}
		},
	})
	require.NoError(t, err)
}

// createDatabase creates the database and its key, unless they exist.
func (s *Server) createDatabase(t testing.TB) {
	t.Helper()
	path := filepath.Join(s.DataDir, "pbxusers.db")
	if _, err := os.Stat(path); err == nil {
		return
	}
	_, err := store.OpenKeyring(filepath.Join(s.DataDir, "pbxusers.key"))
	require.NoError(t, err)
	sqlitetest.Create(t, path)
}

// newConfigDir returns a configuration folder with the layout of Debian.
func newConfigDir(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "manager.d"), 0o750))
	for name, content := range map[string]string{
		"manager.conf":          "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n\n#include \"manager.d/*.conf\"\n",
		"manager.d/README.conf": "; Files *.conf in this folder are read.\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o640))
	}
	return folder
}

// AddAdministrator adds an administrator with a password, which must satisfy the
// password policy.
func (s *Server) AddAdministrator(t testing.TB, a ampusers.Administrator, password string) *ampusers.Administrator {
	t.Helper()
	created, err := s.Site.Administrators.Create(t.Context(), &a, store.NewSecret(password))
	require.NoError(t, err)
	return created
}
