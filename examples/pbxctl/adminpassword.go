package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store/credential"
)

func (a *cli) adminPassword() *cobra.Command {
	var invite bool
	var password secretFlags
	n := a.administrators()
	cmd := n.verb("password", "Set the password of an administrator, or show a link to set one", func(ctx context.Context, s *app.App, username string) error {
		given, err := n.readSecret(ctx, s, &password, "set password", username)
		if err != nil {
			return err
		}
		if given.IsZero() {
			link, err := s.Administrators.Invite(ctx, username)
			return a.printInvitation(ctx, s, link, err)
		}
		changed, err := s.Administrators.SetPassword(ctx, username, given, nil)
		return n.printRecord(s, resource.Result[ampusers.Administrator]{Record: changed}, err, "Password changed. All sessions have ended.")
	})
	cmd.Long = "Set the password of an administrator, which ends all sessions, or show a link that sets a new one. The link works once."
	cmd.Example = "  pbxctl admin password jane.admin --invite\n  pbxctl admin password jane.admin --password-file -"
	cmd.PreRunE = requireTrue("invite")
	password.register(cmd, "password", "use --invite")
	cmd.Flags().BoolVar(&invite, "invite", false, "show a link to set a password; the current one works until then")
	cmd.MarkFlagsOneRequired("password", "password-file", "invite")
	cmd.MarkFlagsMutuallyExclusive("password", "invite")
	cmd.MarkFlagsMutuallyExclusive("password-file", "invite")
	return cmd
}

func (a *cli) adminRecover() *cobra.Command {
	cmd := a.administrators().verb("recover", "Restore full access to an administrator, who is created if missing", func(ctx context.Context, s *app.App, username string) error {
		link, err := s.Administrators.RestoreAccess(ctx, username)
		return a.printInvitation(ctx, s, link, err)
	})
	cmd.Long = "Give an administrator full access, enable the account, remove its second factor, and show a link to set a password.\n" +
		"An administrator who does not exist is created. Use it when nobody can log in any more. The audit log records it."
	return cmd
}

// printInvitation prints an administrator with the link to set a password.
func (a *cli) printInvitation(ctx context.Context, s *app.App, link *credential.Link, err error) error {
	if err != nil {
		return err
	}
	n := a.administrators()
	result, err := n.declare(s).Get(ctx, link.Username)
	if err != nil {
		return app.WithHint(err, n.lost(link.Username))
	}
	result.Link = resource.NewLink(link, a.settings.BaseURL)
	return n.printRecord(s, result, nil, a.createdAdministrator(result))
}
