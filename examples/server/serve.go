package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/serving"
	"github.com/pbxusers/pbxusers/store"
)

// serve serves until ctx ends.
func (s *settings) serve(ctx context.Context, stdout, stderr io.Writer) error {
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: s.logLevel}))
	listener, err := s.openListener(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	base := s.baseURL(listener.Addr())
	s.site.BaseURL = base // links in mails start with it, too
	opened, err := app.Open(ctx, s.site, &app.Options{Create: true, Logger: logger})
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	if err := opened.Users.LoginNames().Apply(ctx); errors.Is(err, store.ErrConflict) {
		return app.WithHint(err, "Run 'pbxctl user login-duplicates' to list all. Or leave out --login-by-email and --login-by-extension.")
	} else if err != nil {
		return err
	}
	proxies, err := s.trustedProxies()
	if err != nil {
		return err
	}
	server, err := serving.New(opened, &serving.Options{BaseURL: base, TrustedProxies: proxies, Logger: logger})
	if err != nil {
		return err
	}
	if err := printStartup(ctx, opened, base, stdout); err != nil {
		return err
	}
	if s.isExposed(listener.Addr(), base) {
		logger.Warn("passwords and secrets are sent unencrypted: set --tls-cert and --tls-key, or use a proxy with TLS and set --base-url")
	}
	return server.Serve(ctx, listener)
}

// printStartup prints the address of the server and, until an administrator can log
// in, a link to set the first password. The link is a secret, and is not logged.
func printStartup(ctx context.Context, s *app.App, base string, stdout io.Writer) error {
	link, err := s.Administrators.Bootstrap(ctx)
	if err != nil {
		return err
	}
	if link != nil {
		_, _ = fmt.Fprintf(stdout, "No administrator can log in yet. Set the first password here, until %s:\n  %s/set-password/%s\nThe username is %s.\n",
			link.ExpiresAt.Local().Format("2006-01-02 15:04"), base, link.Token.Reveal(), link.Username) //nolint:gosmopolitan // read on this host
	}
	_, _ = fmt.Fprintf(stdout, "Listening on %s\n", base)
	return nil
}
