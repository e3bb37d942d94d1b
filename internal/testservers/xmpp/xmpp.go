// Package xmpp starts the XMPP server Prosody for the tests of programs that
// decide who may log in there: one of its own for each test, on 127.0.0.1, with
// such a program. [Login] is a client's login. Like every test server, it is installed
// by `make testservers`; see package testservers for what happens without.
package xmpp

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

// Domain is the host whose people log in.
const Domain = "example.com"

// Protocol is how Prosody speaks with the program.
type Protocol string

const (
	// Generic is Prosody's: a line for the question, a line for the answer,
	// which is 1 or 0.
	Generic Protocol = "generic"
	// Ejabberd is the one of ejabberd: question and answer have their length
	// before them, in two bytes, and the answer is 1 or 0 in two more.
	Ejabberd Protocol = "ejabberd"
)

// Options says which program decides. Nil is not legal: there is no default.
type Options struct {
	// Command is the program's full path and its arguments. Prosody itself gives
	// no arguments: they stand in a script of the test, as they do in one of
	// an administrator.
	Command []string
	// Env is what the program's environment has beside the test's own, as
	// NAME=VALUE. Defaults to nothing.
	Env []string
	// Protocol defaults to Generic.
	Protocol Protocol
	// Terminal gives the program a terminal in the place of two pipes, as the
	// module of Prosody's community does. Its standard error is then mixed
	// with its answers, and bytes that mean something to a terminal do not
	// arrive, such as lengths of 3 or 4. Defaults to pipes, as in ejabberd.
	Terminal bool
}

// Server is a running Prosody.
type Server struct {
	// Address is where clients log in, without encryption.
	Address string

	dir     string
	root    *testservers.Root
	program *testservers.Program
}

//go:embed mod_auth_external.lua
var authModule []byte

// Start starts a Prosody that ends with the test, and returns when it answers.
// It starts the program with the first login.
func Start(t testing.TB, opts *Options) *Server {
	t.Helper()
	s := &Server{Address: testservers.ClaimAddress(t), dir: t.TempDir(), root: testservers.ServerRoot(t)}
	if err := s.configure(opts); err != nil {
		t.Fatalf("configuring Prosody: %v", err)
	}
	cmd := s.root.Command(context.WithoutCancel(t.Context()), "usr/bin/lua5.4", s.file("prosody"),
		"--config", s.file("prosody.cfg.lua"), "-F")
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), opts.Env...)
	cmd.Env = append(cmd.Env,
		"LUA_PATH_5_4="+s.root.Path("usr", "share", "lua", "5.4", "?.lua")+";"+s.root.Path("usr", "share", "lua", "5.4", "?", "init.lua"),
		"LUA_CPATH_5_4="+s.root.LibDir("lua", "5.4", "?.so"))
	s.program = testservers.StartProgram(t, "Prosody", cmd)
	// Before it is killed, so that it ends the program, which may still write
	// to folders of the test.
	t.Cleanup(s.Stop)
	s.program.WaitReady(t, func() bool {
		conn, err := net.Dial("tcp", s.Address)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
	return s
}

// Stop ends Prosody, and the program with it, and returns when both are gone.
func (s *Server) Stop() { s.program.Stop() }

// Log returns what Prosody has said since its start, also about the program.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	return s.program.Output(t)
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// configure writes the files of the server.
func (s *Server) configure(opts *Options) error {
	const owner = 0o700
	if err := os.Mkdir(s.file("certs"), owner); err != nil {
		return err
	}
	launcher, err := s.launcherScript()
	if err != nil {
		return err
	}
	conf, err := s.conf(opts)
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{
		"prosody":               launcher,
		"prosody.cfg.lua":       []byte(conf),
		"decide":                []byte(wrapperScript(opts.Command)),
		"mod_auth_external.lua": authModule,
	} {
		if err := os.WriteFile(s.file(name), text, owner); err != nil {
			return err
		}
	}
	return nil
}

// launcherScript is Prosody's own, which names its folders in its first lines, with
// the folders of this server.
func (s *Server) launcherScript() ([]byte, error) {
	text, err := os.ReadFile(s.root.Path("usr", "bin", "prosody"))
	if err != nil {
		return nil, err
	}
	return []byte(strings.NewReplacer(
		"'/usr/lib/prosody", "'"+s.root.Path("usr", "lib", "prosody"),
		"'/etc/prosody'", "'"+s.dir+"'",
		"'/var/lib/prosody'", "'"+s.dir+"'",
	).Replace(string(text))), nil
}

// wrapperScript is a program without arguments that becomes the one of the test.
func wrapperScript(command []string) string {
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return "#!/bin/sh\nexec " + strings.Join(words, " ") + "\n"
}

// conf renders prosody.cfg.lua; see https://prosody.im/doc/configure.
func (s *Server) conf(opts *Options) (string, error) {
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return "", err
	}
	protocol := opts.Protocol
	if protocol == "" {
		protocol = Generic
	}
	return fmt.Sprintf(`
run_as_root = true -- where root runs the tests
pidfile = %[1]q
data_path = %[2]q
plugin_paths = { %[2]q }
log = { { levels = { min = "info" }; to = "console" } }

modules_enabled = { "saslauth", "disco", "roster" }
modules_disabled = { "s2s", "s2s_auth_certs", "offline" }

c2s_interfaces = { %[3]q }
c2s_ports = { %[4]s }
c2s_direct_tls_ports = {}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true

VirtualHost %[5]q
authentication = "external"
external_auth_command = %[6]q
external_auth_protocol = %[7]q
external_auth_terminal = %[8]t
external_auth_timeout = 30 -- a machine that runs many tests at once is slow
`, s.file("prosody.pid"), s.dir, host, port, Domain, s.file("decide"), protocol, opts.Terminal), nil
}
