// Command xmppauth lets users with the permission "xmpp.login" log in to an XMPP
// server with their password. The XMPP server starts the program and sends it
// requests; see package userman/extauth.
//
// ejabberd:
//
//	auth_method: external
//	extauth_program: "/usr/local/bin/xmppauth --config /etc/pbxusers.ini --domain example.com"
//	extauth_pool_size: 1
//
// Each program of a pool has its own rate limits. An XMPP address is made of the
// username, even if users log in to other services by email or extension.
//
// Prosody passes no arguments, and some of its modules read standard error as an
// answer, so it needs a script of one line:
//
//	authentication = "external"
//	external_auth_protocol = "generic"
//	external_auth_command = "/usr/local/bin/xmppauth.sh"
//
//	exec /usr/local/bin/xmppauth --protocol generic --config /etc/pbxusers.ini --domain example.com 2>>/var/log/xmppauth.log
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/extauth"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		_, _ = fmt.Fprintf(os.Stderr, "xmppauth: %v\n", err)
		if hint := app.Hint(err); hint != "" {
			_, _ = fmt.Fprintln(os.Stderr, hint)
		}
		os.Exit(1)
	}
}

type settings struct {
	app      app.Settings
	domain   string
	protocol extauth.Protocol
	timeout  time.Duration
	logLevel slog.Level
}

// read reads the settings from the command line, the environment and the file.
func (s *settings) read(args []string, help io.Writer) error {
	flags := pflag.NewFlagSet("xmppauth", pflag.ContinueOnError)
	flags.SetOutput(help)
	s.app.Register(flags)
	app.RegisterIniFile(flags)
	flags.StringVar(&s.domain, "domain", "", "`DOMAIN` of the users; other domains are rejected (required)")
	flags.TextVar(&s.protocol, "protocol", extauth.Ejabberd, "`PROTOCOL` of the XMPP server: ejabberd, or generic for Prosody")
	flags.DurationVar(&s.timeout, "timeout", extauth.DefaultTimeout, "`TIMEOUT` of an answer; shorter than that of the XMPP server")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "minimum `LEVEL` to log: debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ini, required := app.IniFile(flags)
	if err := app.LoadFlags(flags, ini, required); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New("unexpected argument; run with --help for usage")
	}
	if s.domain == "" {
		return errors.New("missing --domain; set the domain of the users")
	}
	return nil
}

// run answers requests from in until it ends.
func run(ctx context.Context, args []string, in io.Reader, out, log io.Writer) error {
	var s settings
	if err := s.read(args, log); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: s.logLevel}))
	opened, err := app.Open(ctx, s.app, &app.Options{Logger: logger, Users: usernameLoginOnly})
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	server := extauth.New(opened.Users, s.domain, &extauth.Options{Protocol: s.protocol, Timeout: s.timeout, Logger: logger})
	return server.Serve(ctx, in, out)
}

// usernameLoginOnly overrides the settings that allow other logins than by username.
// The XMPP server stores messages and contacts by address, and another user could
// get the extension or the email later.
func usernameLoginOnly(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = false, false }
