package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

func (a *cli) adminPassword() *cobra.Command {
	var invite bool
	var password secretFlags
	cmd := &cobra.Command{
		Use:               "password USERNAME",
		Short:             "Give an administrator a new password, or a link to set one, shown this once",
		Long:              "Give an administrator a new password, which ends all sessions, or a link with which a new one can be set once.",
		Example:           "  pbxctl admin password jane.admin --invite\n  pbxctl admin password jane.admin --password-file -",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAdministrators,
		PreRunE:           requireTrue("invite"),
	}
	password.register(cmd, "password", "say --invite")
	cmd.Flags().BoolVar(&invite, "invite", false, "make a link to set a password; the present one works until then")
	cmd.MarkFlagsOneRequired("password", "password-file", "invite")
	cmd.MarkFlagsMutuallyExclusive("password", "invite")
	cmd.MarkFlagsMutuallyExclusive("password-file", "invite")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		given, empty, err := password.read(cmd.Context(), a.stdin)
		if err != nil {
			return err
		}
		if err := store.NewInvalidError(empty...); err != nil {
			s.AuditLog.RecordFailure(cmd.Context(), administratorEvent(cmd.Context(), s, "set password", args[0]), err)
			return err
		}
		if given.IsZero() {
			return a.invite(cmd.Context(), s.Administrators, args[0])
		}
		changed, err := s.Administrators.SetPassword(cmd.Context(), args[0], given)
		if err != nil {
			return err
		}
		return a.printAdministrator(administrator{Administrator: changed}, "Changed: all sessions have ended.")
	})
	return cmd
}

func (a *cli) adminRecover() *cobra.Command {
	const short = "Make or bring back a Full administrator; the link to set a password is shown this once"
	cmd := a.recordCommand("recover USERNAME", short, a.completeAdministrators, func(ctx context.Context, s *app.App, username string) error {
		link, err := s.Administrators.RestoreAccess(ctx, username)
		if err != nil {
			return err
		}
		return a.printInvitation(ctx, s.Administrators, link)
	})
	cmd.Long = "Make a Full administrator of that name, or make the one that there is Full, enabled and free of a second factor, and show a link\n" +
		"to set a password with. It is the way back in when nobody can log in any more, and it stays in the audit trail."
	return cmd
}

// invite makes a link and prints it.
func (a *cli) invite(ctx context.Context, service *ampusers.Service, username string) error {
	link, err := service.Invite(ctx, username)
	if err != nil {
		return err
	}
	return a.printInvitation(ctx, service, link)
}

// inviteCreated makes the link of an administrator who was made just now.
func (a *cli) inviteCreated(ctx context.Context, service *ampusers.Service, username string) error {
	link, err := service.Invite(ctx, username)
	if err != nil {
		return app.WithHint(fmt.Errorf("the administrator was made, and has no link: %w", err), lostLinkHint)
	}
	return a.printInvitation(ctx, service, link)
}

// lostLinkHint is the way out when the one time to show a link went by.
const lostLinkHint = "Nobody knows the link: 'pbxctl admin password USERNAME --invite' makes another one."

// printInvitation prints whom a link is for, with the link, which is shown this
// once.
func (a *cli) printInvitation(ctx context.Context, service *ampusers.Service, link *credential.Link) error {
	invited, err := service.Get(ctx, link.Username)
	if err != nil {
		return app.WithHint(err, lostLinkHint)
	}
	address := a.settings.Link("/set-password/", link.Token).Reveal()
	footer := "The link sets a password once, until " + localTime(link.ExpiresAt) + "."
	if address == "" {
		footer += " It is /set-password/ and the secret, below the address of the server; with --base-url it is shown whole."
	}
	return a.printAdministrator(administrator{Administrator: invited, Secret: link.Token.Reveal(), Link: address}, footer)
}
