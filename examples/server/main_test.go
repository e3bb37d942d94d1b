package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// syncBuffer is the output of a program, readable while it runs.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *syncBuffer) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *syncBuffer) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// process is a server that runs like from a shell.
type process struct {
	stdout, stderr syncBuffer
	stop           context.CancelFunc
	exitCode       chan int
}

// startProcess runs the server on a free port, with a database in dir.
func startProcess(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	proc := &process{stop: stop, exitCode: make(chan int, 1)}
	t.Cleanup(stop)
	args = append([]string{"--db", "sqlite:" + filepath.Join(dir, "pbxusers.db"), "--conf-dir", filepath.Join(dir, "asterisk"), "--listen", "127.0.0.1:0"}, args...)
	go func() {
		proc.exitCode <- run(ctx, args, &proc.stdout, &proc.stderr)
		stop()
	}()
	require.Eventually(t, func() bool { return ctx.Err() != nil || strings.Contains(proc.stdout.String(), "Listening on") }, time.Minute, time.Millisecond)
	return proc
}

var listeningPattern = regexp.MustCompile(`(?m)^Listening on (\S+)$`)

func (p *process) url(t *testing.T) string {
	t.Helper()
	found := listeningPattern.FindStringSubmatch(p.stdout.String())
	require.NotNil(t, found, p.stderr.String())
	return found[1]
}

// shutdown ends the program like a signal.
func (p *process) shutdown(t *testing.T) {
	t.Helper()
	p.stop()
	require.Equal(t, exitOK, <-p.exitCode, p.stderr.String())
}

// runCommand runs a command line that ends by itself.
func runCommand(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

var setPasswordPattern = regexp.MustCompile(`(?m)^  (http\S+/set-password/(\S+))$`)

func TestServer_firstStartGreetsWithoutLoggingMigrations(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir())
	require.True(t, strings.HasPrefix(p.stdout.String(), "No administrator can log in yet."), p.stdout.String())
	require.NotContains(t, p.stderr.String(), "migrat")
	p.shutdown(t)
}

func TestServer_firstStartPrintsSetPasswordLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startProcess(t, dir, "--log-level", "debug")
	found := setPasswordPattern.FindStringSubmatch(p.stdout.String())
	require.NotNil(t, found, p.stdout.String())
	require.True(t, strings.HasPrefix(found[1], p.url(t)))

	const password = "walnut-harbour-tulip-93"
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	response, err := client.PostForm(found[1], url.Values{"password": {password}, "repeat": {password}})
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Less(t, response.StatusCode, http.StatusBadRequest)
	response, err = client.PostForm(p.url(t)+"/login", url.Values{"username": {"admin"}, "password": {password}})
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, "/", response.Request.URL.Path, "logged in, and sent to the overview")
	require.NotContains(t, p.stderr.String(), found[2], "the link is a secret and goes into no log")
	require.NotContains(t, p.stderr.String(), password)
	p.shutdown(t)

	restarted := startProcess(t, dir)
	require.NotContains(t, restarted.stdout.String(), "set-password")
	restarted.shutdown(t)
}

func TestRun_reportsAddressInUse(t *testing.T) {
	t.Parallel()
	occupied, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = occupied.Close() }()
	dir := t.TempDir()
	code, stdout, stderr := runCommand(t, "--listen", occupied.Addr().String(), "--db", "sqlite:"+filepath.Join(dir, "pbxusers.db"))
	require.Equal(t, exitFailed, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "another program listens on "+occupied.Addr().String())
	require.Contains(t, stderr, "--listen")
	require.NoFileExists(t, filepath.Join(dir, "pbxusers.db"))
}

func TestRun_exitsWithUsageOnInvalidSettings(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"an unknown flag":  {"--nope"},
		"an argument":      {"start"},
		"half of TLS":      {"--tls-cert", "cert.pem"},
		"no network":       {"--trusted-proxies", "10.0.0.0/8,proxy.example.com"},
		"no level":         {"--log-level", "loud"},
		"no settings file": {"--config", filepath.Join(t.TempDir(), "missing.ini")},
		"no base URL":      {"--base-url", "pbx.example.com"},
		"no sender":        {"--smtp", "127.0.0.1:25"},
		"no base of LDAP":  {"--ldap-url", "ldap://127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runCommand(t, args...)
			require.Equal(t, exitUsage, code, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "--help")
		})
	}
	code, _, stderr := runCommand(t, "--listen", "nowhere", "--db", "sqlite:"+filepath.Join(t.TempDir(), "pbxusers.db"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "--listen")
}

func TestRun_printsHelpAndVersion(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runCommand(t, "--help")
	require.Equal(t, exitOK, code)
	require.Empty(t, stderr)
	for _, flag := range []string{"--listen", "--base-url", "--tls-cert", "--tls-key", "--trusted-proxies", "--log-level", "--config", "--db", "--conf-dir", "--ami"} {
		require.Contains(t, stdout, flag)
	}
	code, stdout, _ = runCommand(t, "--version")
	require.Equal(t, exitOK, code)
	require.NotEmpty(t, strings.TrimSpace(stdout))
}

func TestReadSettings_commandLineOverridesFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ini := filepath.Join(dir, "pbxusers.ini")
	require.NoError(t, os.WriteFile(ini, []byte("trusted-proxies = 10.0.0.0/8, 192.0.2.1, ::ffff:192.0.2.2\nlog_level = debug\nbase-url = https://pbx.example.com\n"), 0o600))
	s, err := readSettings([]string{"--config", ini, "--base-url", "https://other.example.com"}, &bytes.Buffer{})
	require.NoError(t, err)
	require.Equal(t, "DEBUG", s.logLevel.String())
	require.Equal(t, "https://other.example.com", s.site.BaseURL, "the command line overrides")
	proxies, err := s.trustedProxies()
	require.NoError(t, err)
	require.Len(t, proxies, 3)
	require.Equal(t, "192.0.2.1/32", proxies[1].String())
	require.Equal(t, "192.0.2.2/32", proxies[2].String())
}

func TestSettings_baseURLIsDerivedFromListenAddress(t *testing.T) {
	t.Parallel()
	at := func(text string) net.Addr {
		addr, err := net.ResolveTCPAddr("tcp", text)
		require.NoError(t, err)
		return addr
	}
	for _, c := range []struct {
		settings settings
		addr     string
		base     string
		exposed  bool
	}{
		{settings{}, "127.0.0.1:8080", "http://127.0.0.1:8080", false},
		{settings{}, "[::1]:8080", "http://[::1]:8080", false},
		{settings{}, "192.168.1.5:80", "http://192.168.1.5:80", true},
		{settings{}, "0.0.0.0:8080", "http://localhost:8080", true},
		{settings{}, "[::]:8080", "http://localhost:8080", true},
		{settings{tlsCert: "cert.pem"}, "0.0.0.0:443", "https://localhost:443", false},
		{settings{site: app.Settings{BaseURL: "https://pbx.example.com/"}}, "0.0.0.0:8080", "https://pbx.example.com", false},
		{settings{site: app.Settings{BaseURL: "http://pbx.example.com"}}, "0.0.0.0:8080", "http://pbx.example.com", true},
	} {
		base := c.settings.baseURL(at(c.addr))
		require.Equal(t, c.base, base, c.addr)
		require.Equal(t, c.exposed, c.settings.isExposed(at(c.addr), base), c.addr)
	}
}

func TestSettings_plainHTTPOnNetworkIsExposed(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir(), "--base-url", "http://pbx.example.com")
	p.shutdown(t)
	require.NotContains(t, p.stderr.String(), "--tls-cert", "the loopback interface is not exposed")

	var s settings
	s.site.BaseURL = "http://pbx.example.com"
	require.True(t, s.isExposed(&net.TCPAddr{IP: net.IPv4zero, Port: 80}, s.site.BaseURL))
}

func TestServer_servesTLSFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, pool := newCertificate(t, dir)
	p := startProcess(t, dir, "--tls-cert", cert, "--tls-key", key)
	require.True(t, strings.HasPrefix(p.url(t), "https://"))
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		transport := &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version},
			ForceAttemptHTTP2: true,
		}
		t.Cleanup(transport.CloseIdleConnections)
		response, err := (&http.Client{Transport: transport}).Get(p.url(t) + "/healthz")
		if !ok {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 2, response.ProtoMajor)
		require.NotEmpty(t, response.Header.Get("Strict-Transport-Security"))
	}
	p.shutdown(t)

	code, _, stderr := runCommand(t, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", cert, "--db", "sqlite:"+filepath.Join(dir, "pbxusers.db"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "--tls-key")
}

// newCertificate creates a certificate for 127.0.0.1.
func newCertificate(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	require.NoError(t, os.WriteFile(cert, certPEM, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(certPEM))
	return cert, key, pool
}

func TestReadSettings_maxConnectionsIsPositive(t *testing.T) {
	t.Parallel()
	_, err := readSettings([]string{"--max-connections", "0"}, &bytes.Buffer{})
	require.ErrorContains(t, err, "max-connections")
	s, err := readSettings([]string{"--max-connections", "1"}, &bytes.Buffer{})
	require.NoError(t, err)
	require.Equal(t, 1, s.maxConnections)
}

func TestSettings_openListener_boundsConnections(t *testing.T) {
	t.Parallel()
	s := &settings{listen: "127.0.0.1:0", maxConnections: 1}
	listener, err := s.openListener(t.Context())
	require.NoError(t, err)
	for range 2 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
	}
	first, err := listener.Accept()
	require.NoError(t, err)
	accepted := make(chan error)
	go func() {
		_, err := listener.Accept()
		accepted <- err
	}()
	select {
	case err := <-accepted:
		require.FailNow(t, "the second connection was accepted", err)
	case <-time.After(50 * time.Millisecond):
	}
	require.NoError(t, first.Close())
	require.NoError(t, <-accepted)
	require.NoError(t, listener.Close())
}

func TestSettings_trustedProxiesNameInvalidEntry(t *testing.T) {
	t.Parallel()
	s := &settings{proxyAddrs: []string{"10.0.0.1", "secret.example.com"}}
	_, err := s.trustedProxies()
	require.ErrorIs(t, err, store.ErrInvalid)
	require.ErrorContains(t, err, "trusted-proxies[1]")
	require.NotContains(t, err.Error(), "secret")
}

func TestServer_refusesToStartWithSharedLoginNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	edit := func(change func(ctx context.Context, users *userman.Service) error) {
		t.Helper()
		s, err := app.Open(t.Context(), app.Settings{DB: "sqlite:" + filepath.Join(dir, "pbxusers.db"), ConfDir: dir}, &app.Options{Create: true})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		require.NoError(t, change(t.Context(), s.Users))
	}
	create := func(username string) {
		t.Helper()
		edit(func(ctx context.Context, users *userman.Service) error {
			_, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: username, Email: "family@example.com"}})
			return err
		})
	}
	create("jane")
	create("joan")
	startProcess(t, dir).shutdown(t)
	p := startProcess(t, dir, "--login-by-email")
	require.Equal(t, exitFailed, <-p.exitCode)
	require.NotContains(t, p.stdout.String(), "Listening on")
	require.Contains(t, p.stderr.String(), "server: several users share a login name, so login by email or extension cannot be switched on; "+
		"change the email of jane or the email of joan (shared names: 1)\nRun 'pbxctl user login-duplicates' to list all.")

	edit(func(ctx context.Context, users *userman.Service) error {
		_, err := users.Update(ctx, "joan", func(u *userman.User) error {
			u.Email = "joan@example.com"
			return nil
		})
		return err
	})
	startProcess(t, dir, "--login-by-email").shutdown(t)
	edit(func(ctx context.Context, users *userman.Service) error {
		_, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "family@example.com"}})
		require.ErrorIs(t, err, store.ErrAlreadyExists)
		return nil
	})
	startProcess(t, dir).shutdown(t) // switched off
	create("june")
}
