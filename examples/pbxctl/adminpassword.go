package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

func (a *cli) adminPassword() *cobra.Command {
	var invite bool
	var password secretFlags
	r := a.administrators()
	cmd := r.one("password", "Set the password of an administrator, or show a link to set one", func(ctx context.Context, s *app.App, username string) error {
		given, err := r.readSecret(ctx, s, &password, "set password", username)
		if err != nil {
			return err
		}
		if given.IsZero() {
			link, err := s.Administrators.Invite(ctx, username)
			if err != nil {
				return err
			}
			return a.printInvitation(ctx, s.Administrators, link)
		}
		changed, err := s.Administrators.SetPassword(ctx, username, given)
		return r.printResult(ctx, s, changed, err, "Password changed. All sessions have ended.")
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
	cmd := a.administrators().one("recover", "Restore full access to an administrator, who is created if missing", func(ctx context.Context, s *app.App, username string) error {
		link, err := s.Administrators.RestoreAccess(ctx, username)
		if err != nil {
			return err
		}
		return a.printInvitation(ctx, s.Administrators, link)
	})
	cmd.Long = "Give an administrator full access, enable the account, remove its second factor, and show a link to set a password.\n" +
		"An administrator who does not exist is created. Use it when nobody can log in any more. The audit log records it."
	return cmd
}

// readSecret reads the secret of a command that changes it. The audit log records
// an empty one.
func (r *resource[T]) readSecret(ctx context.Context, s *app.App, secret *secretFlags, action, key string) (store.Secret, error) {
	given, errs, err := secret.read(ctx, r.stdin)
	if err != nil {
		return store.Secret{}, err
	}
	if err := store.NewInvalidError(errs...); err != nil {
		s.AuditLog.RecordFailure(ctx, r.event(ctx, s, action, key), err)
		return store.Secret{}, err
	}
	return given, nil
}

const lostLinkHint = "The link is lost. Run 'pbxctl admin password USERNAME --invite' for a new one."

// printInvitation prints an administrator with the link to set a password.
func (a *cli) printInvitation(ctx context.Context, service *ampusers.Service, link *credential.Link) error {
	invited, err := service.Get(ctx, link.Username)
	if err != nil {
		return app.WithHint(err, lostLinkHint)
	}
	url := a.settings.Link(setPasswordPath, link.Token).Reveal()
	footer := linkText("The link sets a password once", setPasswordPath, url, link.ExpiresAt)
	return a.printView(administratorView{Administrator: invited, Secret: link.Token.Reveal(), Link: url}, footer)
}

// setPasswordPath is the page on which administrators set a password.
const setPasswordPath = "/set-password/"
