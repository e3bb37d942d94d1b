package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// userListFlags are the flags of every list of users.
type userListFlags struct {
	listFlags

	filter userman.Query
}

func (f *userListFlags) register(flags *pflag.FlagSet) {
	f.listFlags.register(flags, "users", "a name, address, number or extension", userman.SortFields())
}

// page reads the page that the flags ask for.
func (f *userListFlags) page(ctx context.Context, s *app.App) (*store.Page[*userman.User], error) {
	q, err := f.query()
	if err != nil {
		return nil, err
	}
	f.filter.Search, f.filter.Sort, f.filter.PageRequest = q.Search, q.Sort, q.PageRequest
	return s.Users.List(ctx, f.filter)
}

// filtered reports whether a list may be empty because of a filter.
func (f *userListFlags) filtered() bool {
	q := f.filter
	return q.Search+q.After+q.Extension+q.Group+q.Email+string(q.Status) != "" || q.Directory != nil || q.NotWelcomed
}

func (a *cli) userList() *cobra.Command {
	var query userListFlags
	var status, directory string
	var deleted bool
	cmd := &cobra.Command{
		Use: "list", Short: "List users, sorted by username by default", Args: cobra.NoArgs,
		Example: "  pbxctl user list --search roe --sort last_name\n  pbxctl user list --group Sales --status enabled\n  pbxctl user list --deleted",
	}
	flags := cmd.Flags()
	query.register(flags)
	flags.StringVar(&query.filter.Extension, "extension", "", "only users with this default or linked `EXTENSION`")
	flags.StringVar(&query.filter.Group, "group", "", "only members of this `GROUP`")
	flags.StringVar(&query.filter.Email, "email", "", "only users with this primary `ADDRESS`")
	flags.StringVar(&directory, "directory", "", "only users of the directory with this `NAME`; '' for local users")
	flags.StringVar(&status, "status", "", "only users with this `STATUS`: enabled or disabled")
	flags.BoolVar(&query.filter.NotWelcomed, "not-welcomed", false, "only users without a welcome mail")
	flags.BoolVar(&deleted, "deleted", false, "list deleted users, with the IDs to restore or purge them")
	cmd.MarkFlagsMutuallyExclusive("deleted", "status")
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions([]string{"enabled", "disabled"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("group", a.groups().completeAny)
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		r := a.users()
		switch query.filter.Status = userman.Status(status); query.filter.Status {
		case "", userman.StatusEnabled, userman.StatusDisabled:
		default:
			return store.NewInvalidError(store.FieldError{Field: "status", Code: "oneof", Message: "choose enabled or disabled; 'pbxctl user list --deleted' lists deleted users"})
		}
		if deleted {
			r, query.filter.Status = a.deletedUsers(), userman.StatusDeleted
		}
		if flags.Changed("directory") {
			query.filter.Directory = &directory
		}
		page, err := query.page(cmd.Context(), s)
		return r.printPage(page, err, query.filtered())
	})
	return cmd
}

// deletedUsers declares the users that can be restored.
func (a *cli) deletedUsers() *resource[userman.User] {
	r := a.users()
	r.argument = "ID"
	r.key, r.fold = func(u *userman.User) string { return u.ID }, verbatim
	r.list = func(ctx context.Context, s *app.App, q listQuery) (*store.Page[*userman.User], error) {
		return s.Users.List(ctx, userman.Query{Status: userman.StatusDeleted, PageRequest: q.PageRequest})
	}
	r.columns = []column[userman.User]{
		{"ID", func(u *userman.User) any { return u.ID }},
		{"USERNAME", func(u *userman.User) any { return u.Username }},
		{"NAME", func(u *userman.User) any { return u.Name() }},
		{"EXTENSION", func(u *userman.User) any { return u.DefaultExtension }},
		{"DELETED", func(u *userman.User) any { return u.DeletedAt }},
	}
	r.edited = "Restored."
	return r
}

func verbatim(text string) string { return text }

func (a *cli) userDelete() *cobra.Command {
	return a.users().one("delete", "Delete a user, who can be restored, and end all sessions", func(ctx context.Context, s *app.App, username string) error {
		deleted := &userman.User{Username: username}
		if found, err := s.Users.Get(ctx, username); err == nil {
			deleted = found // as it is stored
		}
		if err := s.Users.Delete(ctx, username); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": deleted.Username, "id": deleted.ID}, func() string {
			return "Deleted. To undo: pbxctl user restore " + cell(deleted.ID) + "\n"
		})
	})
}

func (a *cli) userRestore() *cobra.Command {
	var username, extension string
	var cmd *cobra.Command
	cmd = a.deletedUsers().action("restore", "Restore a deleted user; 'pbxctl user list --deleted' lists their IDs",
		func(ctx context.Context, s *app.App, id string) (*userman.User, error) {
			restored, err := s.Users.Restore(ctx, id, func(u *userman.User) error {
				if cmd.Flags().Changed("username") {
					u.Username = username
				}
				if cmd.Flags().Changed("default-extension") {
					u.DefaultExtension = extension
				}
				return nil
			})
			return restored, asDeletedUserError(err)
		})
	cmd.Long = "Restore a deleted user. If another user has the username or the default extension now, give new ones."
	cmd.Example = "  pbxctl user restore c6x2fd7k5v0a8m3q9w1z4b7n --default-extension ''"
	cmd.Flags().StringVar(&username, "username", "", "a new `USERNAME`")
	cmd.Flags().StringVar(&extension, "default-extension", "", "a new default `EXTENSION`, '' for none")
	return cmd
}

func (a *cli) userPurge() *cobra.Command {
	return a.deletedUsers().one("purge", "Remove a deleted user forever, with API tokens and picture", func(ctx context.Context, s *app.App, id string) error {
		if err := s.Users.Purge(ctx, id); err != nil {
			return asDeletedUserError(err)
		}
		return a.print(map[string]string{"purged": id}, func() string { return "Removed forever.\n" })
	})
}

// asDeletedUserError names the kind of record that was not found.
func asDeletedUserError(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &store.NotFoundError{Kind: userman.KindDeletedUser}
	}
	return err
}

func (a *cli) userExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Export all users as JSON Lines (recorded in the audit log)",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			// The audit log comes first, so that it has the export even if the rest
			// fails.
			if err := s.AuditLog.Record(cmd.Context(), audit.Event{Action: "export", Kind: userman.KindUser}); err != nil {
				return err
			}
			var line bytes.Buffer
			encoder := json.NewEncoder(&line)
			encoder.SetEscapeHTML(false)
			return s.Users.Each(cmd.Context(), func(u *userman.User) error {
				line.Reset()
				if err := encoder.Encode(u); err != nil {
					return err
				}
				return a.write(line.String())
			})
		}),
	}
}
