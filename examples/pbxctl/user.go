package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *app) userCommand() *cobra.Command {
	parent := &cobra.Command{Use: "user", Short: "People, who own extensions and log in to a portal and to other services", Args: cobra.NoArgs, RunE: needVerb}
	parent.AddCommand(
		a.userAdd(), a.userList(), a.userShow(), a.userEdit(), a.userExport(), a.userPermissions(),
		a.userAct("disable", "Keep a person from logging in anywhere, and end all sessions", (*userman.Service).Disable),
		a.userAct("enable", "Let a disabled person log in again", (*userman.Service).Enable),
		a.userAct("remove-second-factor", "Make the password of a person enough again", (*userman.Service).RemoveSecondFactor),
		a.userAct("end-sessions", "End every session of a person",
			func(people *userman.Service, ctx context.Context, username string) (*userman.User, error) {
				if err := people.EndSessions(ctx, username); err != nil {
					return nil, err
				}
				return people.Get(ctx, username)
			}),
		a.userDelete(), a.userDeleted(), a.userRestore(), a.userPurge(),
		a.userPassword(), a.userInvite(), a.userWelcome(), a.userReset(), a.userPreview(), a.userSoftphone(),
		a.userPicture(), a.userSync(),
	)
	return parent
}

func (a *app) userAdd() *cobra.Command {
	var flags personFlags
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
	cmd.RunE = a.do(func(cmd *cobra.Command, args []string) error {
		given, empty, err := password.read(cmd.Context(), a.stdin)
		if err != nil {
			return err
		}
		s, err := a.openNew(cmd.Context())
		if err != nil {
			return err
		}
		fields := flags.parse(cmd.Flags(), s.People.Permissions())
		fields.refused = append(fields.refused, empty...)
		wanted := userman.NewUser{User: &userman.User{}, Password: given, NoDefaultGroups: cmd.Flags().Changed("groups")}
		fields.set(wanted.User)
		wanted.User.Username = args[0]
		if generate {
			if wanted.Password, err = s.People.GeneratePassword(); err != nil {
				return err
			}
		}
		act := onPerson(cmd.Context(), s, "create", args[0])
		created, err := judged(cmd.Context(), s, fields.refused, act, func(ctx context.Context) (*userman.User, error) {
			return s.People.Create(ctx, wanted)
		})
		if err != nil {
			return err
		}
		shown := person{User: created}
		if generate {
			shown.Secret = wanted.Password.Reveal()
		}
		return a.printPerson(shown, madeText(created))
	})
	return cmd
}

// madeText says what is left to do.
func madeText(u *userman.User) string {
	if u.HasPassword {
		return "Made."
	}
	return "Made, without a password: 'pbxctl user welcome' mails a link to set one, 'pbxctl user invite' shows one."
}

func (a *app) userEdit() *cobra.Command {
	var flags personFlags
	cmd := &cobra.Command{
		Use:   "edit USERNAME",
		Short: "Change the given fields of a person, and keep the others",
		Long: "Change the given fields of a person, and keep the others. A list is replaced as a whole; an empty value clears it.\n" +
			"Of the permissions those are changed that are named: ID= leaves it to the groups again, and '' does so for all.",
		Example: "  pbxctl user edit jane.roe --linked-extensions 4002,4003 --fax ''\n" +
			"  pbxctl user edit jane.roe --permissions 'voicemail.extensions=+ 4005' --permissions xmpp.login=",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePeople,
		PreRunE:           needChange,
	}
	flags.register(a, cmd)
	cmd.Flags().StringVar(&flags.user.Username, "username", "", "another `USERNAME`")
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, args []string) error {
		fields := flags.parse(cmd.Flags(), s.People.Permissions())
		act := onPerson(cmd.Context(), s, "update", args[0])
		updated, err := judged(cmd.Context(), s, fields.refused, act, func(ctx context.Context) (*userman.User, error) {
			return s.People.Update(ctx, args[0], func(to *userman.User) error {
				fields.set(to)
				return nil
			})
		})
		if err != nil {
			return err
		}
		return a.printPerson(person{User: updated}, "Changed.")
	})
	return cmd
}

// userAct is a command that does one thing to a person.
func (a *app) userAct(use, short string, act func(*userman.Service, context.Context, string) (*userman.User, error)) *cobra.Command {
	return a.about(use+" USERNAME", short, a.completePeople, func(ctx context.Context, s *site.Site, username string) error {
		changed, err := act(s.People, ctx, username)
		if err != nil {
			return err
		}
		return a.printPerson(person{User: changed}, "Changed.")
	})
}
