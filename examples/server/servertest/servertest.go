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
	// Asterisk is the one that the server applies to. Defaults to none: the
	// configuration folder is laid out as Debian does it, and an apply
	// writes files and verifies nothing.
	Asterisk *testservers.Asterisk
	// DataDir is where the database is, so that a second server can go on
	// with it. Defaults to a folder of this server.
	DataDir string
	// BaseURL is what links begin with. Defaults to the URL of the server.
	BaseURL string
	// TrustedProxies are where X-Forwarded-For is believed from. Defaults to
	// nowhere.
	TrustedProxies []netip.Prefix
	// Settings changes those of the site before it is opened. Defaults to
	// leaving them.
	Settings func(*app.Settings)
	// Administrators changes the options of the administrators, whose
	// passwords cost next to nothing. Defaults to leaving them.
	Administrators func(*ampusers.Options)
	// Users changes the options of the people, whose passwords cost next to
	// nothing. Defaults to leaving them.
	Users func(*userman.Options)
	// Logger is told of everything. Defaults to the log of the test.
	Logger *slog.Logger
	// Clock returns the time, for the server, the administrators and the people.
	// Defaults to time.Now.
	Clock func() time.Time
}

// Server is a server that runs until the end of its test, or until Stop.
type Server struct {
	// URL is what every path is appended to: "http://127.0.0.1:" and a port.
	URL string
	// Site is what the server serves. What a test changes there skips the
	// rules of the pages.
	Site *app.App
	// DataDir is where the database is.
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

// Stop ends the server as a signal does, and returns when it has ended. It may
// be called again.
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

// createDatabase makes the database and its key, unless they are there.
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

// newConfigDir is a configuration folder as Debian lays it out.
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

// AddAdministrator adds an administrator with a password, which must keep to
// the rules of passwords.
func (s *Server) AddAdministrator(t testing.TB, a ampusers.Administrator, password string) *ampusers.Administrator {
	t.Helper()
	created, err := s.Site.Administrators.Create(t.Context(), &a, store.NewSecret(password))
	require.NoError(t, err)
	return created
}
