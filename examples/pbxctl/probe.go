package main

import (
	"crypto/tls"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func (a *cli) managerProbe() *cobra.Command {
	var address string
	var useTLS bool
	var secret secretFlags
	cmd := &cobra.Command{
		Use:               "probe NAME",
		Short:             "Log in to Asterisk as an account, from here, and say how it went",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAMIAccounts,
	}
	cmd.Flags().StringVar(&address, "address", "", "host and port of AMI, as `HOST:PORT` (default: that of --ami)")
	cmd.Flags().BoolVar(&useTLS, "tls", false, "use TLS")
	secret.register(cmd, "secret", "the one of the account is tried")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		given, empty, err := secret.read(cmd.Context(), a.stdin)
		if err != nil {
			return err
		}
		if err := store.NewInvalidError(empty...); err != nil {
			return err
		}
		opts := &manager.ProbeOptions{Address: address, Secret: given}
		if useTLS {
			opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		result, err := s.Probe(cmd.Context(), args[0], opts)
		if err != nil {
			return err
		}
		return a.printProbe(result)
	})
	return cmd
}

// printProbe fails when the login did, so that scripts notice.
func (a *cli) printProbe(result *manager.ProbeResult) error {
	if err := a.print(result, func() string { return result.Message + "\n" }); err != nil {
		return err
	}
	if result.Outcome != manager.LoggedIn {
		return fmt.Errorf("the login failed (%s)", result.Outcome)
	}
	return nil
}
