package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userPassword() *cobra.Command {
	var password secretFlags
	var generate bool
	var opts userman.PasswordOptions
	n := a.users()
	cmd := n.verb("password", "Set the password of a user and end all sessions; a generated password is shown only once", func(ctx context.Context, s *app.App, username string) error {
		given, err := n.readSecret(ctx, s, &password, "set password", username)
		if err != nil {
			return err
		}
		result := resource.Result[userman.User]{}
		if generate {
			if given, err = s.Users.GeneratePassword(); err != nil {
				return err
			}
			result.Secret = given
		}
		result.Record, err = s.Users.SetPassword(ctx, username, given, &opts)
		return n.printRecord(s, result, err, "Password changed. All sessions have ended.")
	})
	cmd.Example = "  pbxctl user password jane.roe --generate --must-change-password\n  pbxctl user password jane.roe --password-file -"
	cmd.PreRunE = requireTrue("generate")
	password.register(cmd, "password", "use --generate")
	flags := cmd.Flags()
	flags.BoolVar(&generate, "generate", false, "generate the password")
	flags.BoolVar(&opts.MustChange, "must-change-password", false, "require a new password after the next login")
	flags.BoolVar(&opts.DisableTokens, "disable-tokens", false, "also disable the user's API tokens")
	cmd.MarkFlagsOneRequired("password", "password-file", "generate")
	cmd.MarkFlagsMutuallyExclusive("password", "password-file", "generate")
	return cmd
}

func (a *cli) userInvite() *cobra.Command {
	return a.userLink("invite", "Create a link to set a password and show it once; to mail it, use 'pbxctl user welcome'",
		"The link sets a password once", userman.SetPasswordPath, func(s *userman.Service) linkFunc { return s.Invite })
}

func (a *cli) userSoftphone() *cobra.Command {
	return a.userLink("softphone", "Create a link to set up a softphone, shown only once",
		"The link sets up a softphone once", userman.ActivationPath, func(s *userman.Service) linkFunc { return s.Softphones().Invite })
}

// linkFunc creates a link for the user with a username.
type linkFunc = func(ctx context.Context, username string) (*credential.Link, error)

// userLink is a command that creates a link for a user.
func (a *cli) userLink(use, short, purpose, path string, act func(*userman.Service) linkFunc) *cobra.Command {
	return a.users().verb(use, short, func(ctx context.Context, s *app.App, username string) error {
		l, err := act(s.Users)(ctx, username)
		if err != nil {
			return err
		}
		printed := link{UserID: string(l.UserID), Username: l.Username, Secret: l.Token.Reveal(), URL: l.URL.Reveal(), ExpiresAt: l.ExpiresAt}
		if err := a.print(printed, printed.text()+linkText(purpose, path, printed.URL, l.ExpiresAt)+"\n"); err != nil {
			return app.WithHint(err, "The link is lost. Run 'pbxctl user "+use+" USERNAME' for a new one.")
		}
		return nil
	})
}

// linkText says what a link is for, and where its page is if its URL is unknown.
func linkText(purpose, path, url string, expires time.Time) string {
	text := purpose + ", until " + localTime(expires) + "."
	if url == "" {
		text += " Its URL is the address of the server, " + path + " and the secret; set --base-url to print it."
	}
	return text
}

// link is a link of a user as it is printed.
type link struct {
	UserID    string    `json:"user_id"`
	Username  string    `json:"username"`
	Secret    string    `json:"secret"`
	URL       string    `json:"url,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (l link) text() string {
	rows := [][]any{{"username", l.Username}, {"secret", l.Secret + shownOnce}}
	if l.URL != "" {
		rows = append(rows, []any{"url", l.URL})
	}
	return tableText(append(rows, []any{"expires_at", l.ExpiresAt}))
}

// userLoginDuplicates fails if there are any, so that scripts notice.
func (a *cli) userLoginDuplicates() *cobra.Command {
	return &cobra.Command{
		Use:   "login-duplicates",
		Short: "List the login names that several users share",
		Long: "List the login names that several users share. Login names are usernames, and what --login-by-email and --login-by-extension add.\n" +
			"The server does not start with these settings while there are any.",
		Example: "  pbxctl user login-duplicates --login-by-email",
		Args:    cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			duplicates, err := s.Users.LoginNames().Duplicates(cmd.Context())
			if err != nil {
				return err
			}
			list := map[string]any{"items": duplicates}
			var rows [][]any
			for _, d := range duplicates {
				for _, owner := range d.Owners {
					rows = append(rows, []any{d.Name, owner.Field, owner.Username})
				}
			}
			if len(rows) == 0 {
				return a.print(list, "No two users share a login name.\n")
			}
			return errors.Join(a.print(list, tableText(rows)), fmt.Errorf("%d login names are shared; change these fields of all users but one", len(duplicates)))
		}),
	}
}
