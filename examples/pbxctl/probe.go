package main

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func (a *cli) amiAccountProbe() *cobra.Command {
	var address string
	var useTLS bool
	var secret secretFlags
	cmd := a.amiAccounts().verb("probe", "Test the login of an AMI account from this host", func(ctx context.Context, s *app.App, name string) error {
		given, errs, err := secret.read(ctx, a.stdin)
		if err != nil {
			return err
		}
		if err := store.NewInvalidError(errs...); err != nil {
			return err
		}
		opts := &manager.ProbeOptions{Address: address, Secret: given}
		if useTLS {
			opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		result, err := s.Probe(ctx, name, opts)
		if err != nil {
			return err
		}
		return a.printProbe(result)
	})
	cmd.Flags().StringVar(&address, "address", "", "address of AMI as `HOST:PORT` (default: that of --ami)")
	cmd.Flags().BoolVar(&useTLS, "tls", false, "use TLS")
	secret.register(cmd, "secret", "the secret of the account is used")
	return cmd
}

// printProbe fails if the login failed, so that scripts notice.
func (a *cli) printProbe(result *manager.ProbeResult) error {
	err := a.print(result, result.Message+"\n")
	if err == nil && result.Outcome != manager.LoggedIn {
		err = fmt.Errorf("the login failed (%s)", result.Outcome)
	}
	return err
}
