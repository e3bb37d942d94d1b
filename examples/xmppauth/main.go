// Command xmppauth lets the people of a directory log in to an XMPP server with
// the password that they have here: those who are permitted "xmpp.login". The
// server starts it and asks it; see package extauth.
//
// ejabberd:
//
//	auth_method: external
//	extauth_program: "/usr/local/bin/xmppauth --config /etc/pbxusers.ini --domain example.com"
//	extauth_pool_size: 1
//
// Tries are counted by each program of a pool for itself. An address is made of
// the username, also where people log in elsewhere by email or extension.
//
// Prosody gives no arguments, and some of its modules take what is written to
// standard error for an answer, so that a script of one line goes between:
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
	"github.com/pbxusers/pbxusers/examples/xmppauth/extauth"
	"github.com/pbxusers/pbxusers/userman"
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

// read reads the command line, then the environment, then the file.
func (s *settings) read(args []string, help io.Writer) error {
	flags := pflag.NewFlagSet("xmppauth", pflag.ContinueOnError)
	flags.SetOutput(help)
	s.app.Register(flags)
	app.RegisterIniFile(flags)
	flags.StringVar(&s.domain, "domain", "", "`DOMAIN` whose people log in; others are refused (required)")
	flags.TextVar(&s.protocol, "protocol", extauth.Ejabberd, "`PROTOCOL` of the XMPP server: ejabberd or generic, which is Prosody's")
	flags.DurationVar(&s.timeout, "timeout", extauth.DefaultTimeout, "how `LONG` an answer may take; less than the XMPP server waits")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "least `LEVEL` to log: debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ini, required := app.IniFile(flags)
	if err := app.LoadFlags(flags, ini, required); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New("there are only flags here; run with --help for what there is")
	}
	if s.domain == "" {
		return errors.New("--domain is missing; name the domain whose people log in")
	}
	return nil
}

// run answers what is asked on in until it ends.
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

// usernameLoginOnly has people log in by their usernames alone, whatever the settings
// say: the XMPP server keeps messages and contacts by address, and an extension,
// or an email, may be somebody else's tomorrow.
func usernameLoginOnly(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = false, false }
