package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func (a *cli) users() *noun[userman.User] {
	return &noun[userman.User]{
		cli: a, article: "a user", argument: "USERNAME", fold: userman.FoldUsername,
		declare: func(s *app.App) *resource.Type[userman.User] {
			return resource.Users(func(context.Context) *userman.Service { return userService(s) })
		},
		extra: []extraFlag[userman.User]{
			{name: "groups", complete: a.groups().completeAny},
			permissionsFlag(a, func(u *userman.User) *permission.Permissions { return &u.Permissions }),
		},
		whole:   []string{"groups"}, // a name may contain a comma
		columns: []string{"username", "name", "default_extension", "email", "groups", "disabled", "last_login_at"},
		text: map[string]func(*userman.User) []string{
			"name":        func(u *userman.User) []string { return []string{u.Name()} },
			"permissions": func(u *userman.User) []string { return u.Permissions.Texts() },
			"picture":     func(u *userman.User) []string { return []string{strconv.FormatBool(u.Picture != "")} },
		},
		noSecret: "the user has no password until the user sets one through a link, see 'pbxctl user welcome'",
		lost: func(username string) string {
			return "The generated password is lost. Run 'pbxctl user password " + username + " --generate' for a new one."
		},
		empty: "No users. Create one: pbxctl user add USERNAME --default-extension EXTENSION",
		created: func(r resource.Result[userman.User]) string {
			if r.Record != nil && !r.Record.HasPassword {
				return "Created without a password. 'pbxctl user welcome' mails a link to set one; 'pbxctl user invite' shows a link."
			}
			return "Created."
		},
		edited: "Changed.",
	}
}

func userService(s *app.App) *userman.Service { return s.Users }

func (a *cli) userCommand() *cobra.Command {
	n := a.users()
	add := n.add("add USERNAME", "Create a user (in the default groups unless --groups is given)",
		"  pbxctl user add 4001 --default-extension 4001 --generate\n"+
			"  pbxctl user add jane.roe --first-name Jane --last-name Roe --email jane@example.com --groups Sales --permissions xmpp.login=on", a.openOrCreate)
	add.MarkFlagsMutuallyExclusive("generate", "password", "password-file")
	parent := newNoun("user", "Manage users, who own extensions and log in to the portal and other services")
	parent.AddCommand(
		add, a.userList(), n.show(),
		n.edit(
			"  pbxctl user edit jane.roe --linked-extensions 4002,4003 --fax ''\n"+
				"  pbxctl user edit jane.roe --permissions 'voicemail.extensions=+ 4005' --permissions xmpp.login=",
			permissionsNote, nil),
		a.userExport(), a.userPermissions(),
		action(n, userService, "disable", "Prevent a user from logging in, and end all sessions", (*userman.Service).Disable),
		action(n, userService, "enable", "Let a disabled user log in again", (*userman.Service).Enable),
		action(n, userService, "remove-second-factor", "Disable two-factor authentication for a user", (*userman.Service).RemoveSecondFactor),
		action(n, userService, "end-sessions", "End all sessions of a user",
			func(users *userman.Service, ctx context.Context, username string) (*userman.User, error) {
				if err := users.EndSessions(ctx, username); err != nil {
					return nil, err
				}
				return users.Get(ctx, username)
			}),
		a.userDelete(), a.userRestore(), a.userPurge(),
		a.userPassword(), a.userInvite(), a.userWelcome(), a.userReset(), a.userMail(), a.userSoftphone(),
		a.userPicture(), a.userSync(), a.userDirectories(), a.userAdopt(), a.userLoginDuplicates(), a.userRenumber(),
	)
	return parent
}

// userList lists users, or with --deleted those that can be restored.
func (a *cli) userList() *cobra.Command {
	var deleted bool
	cmd := a.users().list("List users, sorted by username by default", func(q *resource.Query, _ []string) ([]string, error) {
		if deleted {
			q.Filters["status"] = field.TextValue(string(userman.StatusDeleted))
		}
		if q.Text("status") == string(userman.StatusDeleted) {
			return a.deletedUsers().columns, nil
		}
		return a.users().columns, nil
	})
	cmd.Example = "  pbxctl user list --search roe --sort last_name\n  pbxctl user list --group Sales --status enabled\n  pbxctl user list --deleted"
	cmd.Flags().BoolVar(&deleted, "deleted", false, "list deleted users, with the IDs to restore or purge them")
	cmd.MarkFlagsMutuallyExclusive("deleted", "status")
	_ = cmd.RegisterFlagCompletionFunc("group", a.groups().completeAny)
	return cmd
}
