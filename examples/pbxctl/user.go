package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userCommand() *cobra.Command {
	parent := &cobra.Command{Use: "user", Short: "People, who own extensions and log in to a portal and to other services", Args: cobra.NoArgs, RunE: requireSubcommand}
	parent.AddCommand(
		a.userAdd(), a.userList(), a.userShow(), a.userEdit(), a.userExport(), a.userPermissions(),
		a.userAction("disable", "Keep a person from logging in anywhere, and end all sessions", (*userman.Service).Disable),
		a.userAction("enable", "Let a disabled person log in again", (*userman.Service).Enable),
		a.userAction("remove-second-factor", "Make the password of a person enough again", (*userman.Service).RemoveSecondFactor),
		a.userAction("end-sessions", "End every session of a person",
			func(users *userman.Service, ctx context.Context, username string) (*userman.User, error) {
				if err := users.EndSessions(ctx, username); err != nil {
					return nil, err
				}
				return users.Get(ctx, username)
			}),
		a.userDelete(), a.userDeleted(), a.userRestore(), a.userPurge(),
		a.userPassword(), a.userInvite(), a.userWelcome(), a.userReset(), a.userPreview(), a.userSoftphone(),
		a.userPicture(), a.userSync(),
	)
	return parent
}

func (a *cli) userAdd() *cobra.Command {
	var flags userFlags
	var password secretFlags
	var generate bool
	cmd := &cobra.Command{
		Use:   "add USERNAME",
		Short: "Make a person; without --groups they are in the default groups",
		Example: "  pbxctl user add 4001 --default-extension 4001 --generate\n" +
			"  pbxctl user add jane.roe --first-name Jane --last-name Roe --email jane@example.com --groups Sales --permissions xmpp.login=on",
		Args: cobra.ExactArgs(1),
	}
	flags.register(a, cmd)
	password.register(cmd, "password", "the person has none until a link is used, see 'pbxctl user welcome'")
	cmd.Flags().BoolVar(&generate, "generate", false, "give the person a generated password, which is shown this once")
	cmd.MarkFlagsMutuallyExclusive("generate", "password", "password-file")
	cmd.RunE = a.runE(func(cmd *cobra.Command, args []string) error {
		given, empty, err := password.read(cmd.Context(), a.stdin)
		if err != nil {
			return err
		}
		s, err := a.openOrCreate(cmd.Context())
		if err != nil {
			return err
		}
		fields := flags.parse(cmd.Flags(), s.Users.Permissions())
		fields.fieldErrs = append(fields.fieldErrs, empty...)
		wanted := userman.NewUser{User: &userman.User{}, Password: given, NoDefaultGroups: cmd.Flags().Changed("groups")}
		fields.set(wanted.User)
		wanted.User.Username = args[0]
		if generate {
			if wanted.Password, err = s.Users.GeneratePassword(); err != nil {
				return err
			}
		}
		act := userEvent(cmd.Context(), s, "create", args[0])
		created, err := withFlagErrors(cmd.Context(), s, fields.fieldErrs, act, func(ctx context.Context) (*userman.User, error) {
			return s.Users.Create(ctx, wanted)
		})
		if err != nil {
			return err
		}
		shown := userView{User: created}
		if generate {
			shown.Secret = wanted.Password.Reveal()
		}
		return a.printUser(shown, createdText(created))
	})
	return cmd
}

// createdText says what is left to do.
func createdText(u *userman.User) string {
	if u.HasPassword {
		return "Made."
	}
	return "Made, without a password: 'pbxctl user welcome' mails a link to set one, 'pbxctl user invite' shows one."
}

func (a *cli) userEdit() *cobra.Command {
	var flags userFlags
	cmd := &cobra.Command{
		Use:   "edit USERNAME",
		Short: "Change the given fields of a person, and keep the others",
		Long: "Change the given fields of a person, and keep the others. A list is replaced as a whole; an empty value clears it.\n" +
			"Of the permissions those are changed that are named: ID= leaves it to the groups again, and '' does so for all.",
		Example: "  pbxctl user edit jane.roe --linked-extensions 4002,4003 --fax ''\n" +
			"  pbxctl user edit jane.roe --permissions 'voicemail.extensions=+ 4005' --permissions xmpp.login=",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeUsers,
		PreRunE:           requireChange,
	}
	flags.register(a, cmd)
	cmd.Flags().StringVar(&flags.user.Username, "username", "", "another `USERNAME`")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		fields := flags.parse(cmd.Flags(), s.Users.Permissions())
		act := userEvent(cmd.Context(), s, "update", args[0])
		updated, err := withFlagErrors(cmd.Context(), s, fields.fieldErrs, act, func(ctx context.Context) (*userman.User, error) {
			return s.Users.Update(ctx, args[0], func(to *userman.User) error {
				fields.set(to)
				return nil
			})
		})
		if err != nil {
			return err
		}
		return a.printUser(userView{User: updated}, "Changed.")
	})
	return cmd
}

// userAction is a command that does one thing to a person.
func (a *cli) userAction(use, short string, act func(*userman.Service, context.Context, string) (*userman.User, error)) *cobra.Command {
	return a.recordCommand(use+" USERNAME", short, a.completeUsers, func(ctx context.Context, s *app.App, username string) error {
		changed, err := act(s.Users, ctx, username)
		if err != nil {
			return err
		}
		return a.printUser(userView{User: changed}, "Changed.")
	})
}
