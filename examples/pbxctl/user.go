package main

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/userman/permission"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// users declares the users for the commands that all records share.
func (a *cli) users() *resource[userman.User] {
	return &resource[userman.User]{
		cli: a, noun: "user", article: "a user", argument: "USERNAME", kind: userman.KindUser, namesInAudit: true,
		fields: userman.Fields(), renamed: "username", extra: []extraFlag[userman.User]{a.groupsFlag(), permissionsFlag(a, func(u *userman.User) *permission.Permissions { return &u.Permissions })},
		key:  func(u *userman.User) string { return u.Username },
		fold: userman.FoldUsername,
		get:  func(ctx context.Context, s *app.App, key string) (*userman.User, error) { return s.Users.Get(ctx, key) },
		list: func(ctx context.Context, s *app.App, q listQuery) (*store.Page[*userman.User], error) {
			return s.Users.List(ctx, userman.Query{Search: q.Search, Sort: q.Sort, PageRequest: q.PageRequest})
		},
		update: func(ctx context.Context, s *app.App, key string, edit func(*userman.User) error) (*userman.User, error) {
			return s.Users.Update(ctx, key, edit)
		},
		view: func(_ context.Context, _ *app.App, u *userman.User) (view, error) { return userView{User: u}, nil },
		columns: []column[userman.User]{
			{"USERNAME", func(u *userman.User) any { return u.Username }},
			{"NAME", func(u *userman.User) any { return u.Name() }},
			{"EXTENSION", func(u *userman.User) any { return u.DefaultExtension }},
			{"EMAIL", func(u *userman.User) any { return u.Email }},
			{"GROUPS", func(u *userman.User) any { return u.Groups }},
			{"DISABLED", func(u *userman.User) any { return u.Disabled }},
			{"LAST LOGIN", func(u *userman.User) any { return u.LastLoginAt }},
		},
		empty:  "No users. Create one: pbxctl user add USERNAME --default-extension EXTENSION",
		edited: "Changed.",
	}
}

func (a *cli) userCommand() *cobra.Command {
	r := a.users()
	parent := newNoun("user", "Manage users, who own extensions and log in to the portal and other services")
	parent.AddCommand(
		a.userAdd(), a.userList(), r.showCommand(),
		r.editCommand(
			"  pbxctl user edit jane.roe --linked-extensions 4002,4003 --fax ''\n"+
				"  pbxctl user edit jane.roe --permissions 'voicemail.extensions=+ 4005' --permissions xmpp.login=",
			permissionsNote, nil),
		a.userExport(), a.userPermissions(),
		a.userAction("disable", "Prevent a user from logging in, and end all sessions", (*userman.Service).Disable),
		a.userAction("enable", "Let a disabled user log in again", (*userman.Service).Enable),
		a.userAction("remove-second-factor", "Disable two-factor authentication for a user", (*userman.Service).RemoveSecondFactor),
		a.userAction("end-sessions", "End all sessions of a user",
			func(users *userman.Service, ctx context.Context, username string) (*userman.User, error) {
				if err := users.EndSessions(ctx, username); err != nil {
					return nil, err
				}
				return users.Get(ctx, username)
			}),
		a.userDelete(), a.userRestore(), a.userPurge(),
		a.userPassword(), a.userInvite(), a.userWelcome(), a.userReset(), a.userMail(), a.userSoftphone(),
		a.userPicture(), a.userSync(),
	)
	return parent
}

// permissionsNote is how 'edit' treats permissions.
const permissionsNote = "\nOnly the named permissions change: ID= inherits a permission again, and '' inherits all."

// userAction is a command that does one thing to a user.
func (a *cli) userAction(use, short string, act func(*userman.Service, context.Context, string) (*userman.User, error)) *cobra.Command {
	return a.users().action(use, short, func(ctx context.Context, s *app.App, username string) (*userman.User, error) {
		return act(s.Users, ctx, username)
	})
}

// groupsFlag is the flag for the groups of a user.
func (a *cli) groupsFlag() extraFlag[userman.User] {
	return extraFlag[userman.User]{
		name: "groups", placeholder: "GROUP", complete: a.groups().completeAny,
		usage: "a group of the user; repeat the flag for each group, '' for none",
		parse: func(_ *app.App, given []string) (func(*userman.User), []store.FieldError) {
			// The name of a group may contain a comma.
			groups := slices.DeleteFunc(slices.Clone(given), func(name string) bool { return name == "" })
			return func(u *userman.User) { u.Groups = slices.Clone(groups) }, nil
		},
	}
}

func (a *cli) userAdd() *cobra.Command {
	var generate bool
	add := &addCommand[userman.User]{
		Command: cobra.Command{
			Use:   "add USERNAME",
			Short: "Create a user (in the default groups unless --groups is given)",
			Example: "  pbxctl user add 4001 --default-extension 4001 --generate\n" +
				"  pbxctl user add jane.roe --first-name Jane --last-name Roe --email jane@example.com --groups Sales --permissions xmpp.login=on",
		},
		secretField: "password", noSecret: "the user has no password until they open a link, see 'pbxctl user welcome'",
		anyDatabase: true,
		fresh:       func(username string) *userman.User { return &userman.User{Username: username} },
	}
	var generated store.Secret
	cmd := a.users().addCommand(add)
	cmd.Flags().BoolVar(&generate, "generate", false, "generate a password, which is shown only once")
	cmd.MarkFlagsMutuallyExclusive("generate", "password", "password-file")
	add.create = func(ctx context.Context, s *app.App, u *userman.User, password store.Secret) (_ *userman.User, err error) {
		if generate {
			if generated, err = s.Users.GeneratePassword(); err != nil {
				return nil, err
			}
			password = generated
		}
		return s.Users.Create(ctx, userman.NewUser{User: u, Password: password, NoDefaultGroups: cmd.Flags().Changed("groups")})
	}
	add.done = func(_ context.Context, _ *app.App, created *userman.User, _ store.Secret) error {
		footer := "Created."
		if !created.HasPassword {
			footer = "Created without a password. 'pbxctl user welcome' mails a link to set one; 'pbxctl user invite' shows a link."
		}
		return a.printView(userView{User: created, Secret: generated.Reveal()}, footer)
	}
	return cmd
}

// userView is a user as it is printed: with a generated password only once.
type userView struct {
	*userman.User

	Secret string `json:"secret,omitempty"`
}

func (v userView) notes() []string { return nil }

func (v userView) lostHint() string {
	if v.Secret == "" {
		return ""
	}
	return "The generated password is lost. Run 'pbxctl user password USERNAME --generate' for a new one."
}

func (v userView) rows() [][]any {
	rows := [][]any{{"username", v.Username}}
	if v.Secret != "" {
		rows = append(rows, []any{"secret", v.Secret + shownOnce})
	}
	rows = append(rows, []any{"id", v.ID})
	rows = append(rows, fieldRows(userman.Fields(), v.User, "username", "disabled", "must_change_password")...)
	rows = append(rows, []any{"groups", v.Groups})
	rows = append(rows, permissionRows(v.Permissions)...)
	rows = append(
		rows,
		[]any{"directory", v.Directory},
		[]any{"picture", v.Picture != ""},
		[]any{"disabled", v.Disabled},
		[]any{"must_change_password", v.MustChangePassword},
		[]any{"has_password", v.HasPassword},
		[]any{"external_password", v.ExternalPassword},
		[]any{"has_second_factor", v.HasSecondFactor},
		[]any{"invitation_expires_at", v.InvitationExpiresAt},
		[]any{"password_expires_at", v.PasswordExpiresAt},
		[]any{"welcomed_at", v.WelcomedAt},
		[]any{"last_login_at", v.LastLoginAt},
	)
	if !v.DeletedAt.IsZero() {
		rows = append(rows, []any{"deleted_at", v.DeletedAt})
	}
	return rows
}
