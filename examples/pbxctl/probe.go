package main

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

func (a *app) managerProbe() *cobra.Command {
	var address string
	var useTLS bool
	var secret secretFlags
	cmd := &cobra.Command{
		Use:               "probe NAME",
		Short:             "Log in to Asterisk as an account, from here, and say how it went",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAccounts,
	}
	cmd.Flags().StringVar(&address, "address", "", "host and port of AMI, as `HOST:PORT` (default: that of --ami)")
	cmd.Flags().BoolVar(&useTLS, "tls", false, "use TLS")
	secret.register(cmd, "the one of the account is tried")
	cmd.RunE = a.do(func(cmd *cobra.Command, args []string) error {
		service, err := a.openManager(cmd.Context())
		if err != nil {
			return err
		}
		opts := &manager.ProbeOptions{}
		if opts.Secret, err = secret.read(cmd.Context(), a.stdin); err != nil {
			return err
		}
		if opts.Address, err = a.probeAddress(address); err != nil {
			return err
		}
		if useTLS {
			opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		opts.Witness = a.witness(cmd.Context())
		result, err := service.Probe(cmd.Context(), args[0], opts)
		if err != nil {
			return err
		}
		return a.printProbe(result)
	})
	return cmd
}

// probeAddress returns where to log in: as given, or where AMI listens.
func (a *app) probeAddress(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	address, err := a.settings.amiAddress()
	if address == noAsterisk {
		return "", store.Invalid(store.FieldError{
			Field: "address", Code: "required", Message: "with --ami none there is no Asterisk to log in to; say where AMI listens",
		})
	}
	return address, err
}

// printProbe fails when the login did, so that scripts notice.
func (a *app) printProbe(result *manager.ProbeResult) error {
	if err := a.print(result, func() string { return result.Message + "\n" }); err != nil {
		return err
	}
	if result.Outcome != manager.LoggedIn {
		return fmt.Errorf("the login failed (%s)", result.Outcome)
	}
	return nil
}

// witness returns a client that sees why Asterisk refuses logins, or nil: a
// probe goes on without it.
func (a *app) witness(ctx context.Context) *ami.Client {
	client, err := a.dial(ctx, "security")
	if err != nil {
		return nil
	}
	return client
}
