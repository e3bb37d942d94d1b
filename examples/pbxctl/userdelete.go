package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// deletedUsers are the users that can be restored, by their IDs.
func (a *cli) deletedUsers() *noun[userman.User] {
	n := a.users()
	n.argument, n.edited = "ID", "Restored."
	n.fold = func(id string) string { return id }
	n.columns = []string{"id", "username", "name", "default_extension", "deleted_at"}
	declare := n.declare
	n.declare = func(s *app.App) *resource.Type[userman.User] {
		t := declare(s)
		list := t.List
		t.Search, t.KeyOf = "", func(u *userman.User) string { return string(u.ID) }
		t.List = func(ctx context.Context, q resource.Query) (*store.Page[resource.Result[userman.User]], error) {
			q.Filters = map[string]field.Value{"status": field.TextValue(string(userman.StatusDeleted))}
			return list(ctx, q)
		}
		return t
	}
	return n
}

func (a *cli) userDelete() *cobra.Command {
	return a.users().verb("delete", "Delete a user and end all sessions; 'pbxctl user restore' restores the user", func(ctx context.Context, s *app.App, username string) error {
		deleted := &userman.User{Username: username}
		if found, err := s.Users.Get(ctx, username); err == nil {
			deleted = found // as it is stored
		}
		if err := s.Users.Delete(ctx, username); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": deleted.Username, "id": string(deleted.ID)},
			"Deleted. To undo: pbxctl user restore "+cell(deleted.ID)+"\n")
	})
}

func (a *cli) userRestore() *cobra.Command {
	var username, extension string
	var cmd *cobra.Command
	n, users := a.deletedUsers(), a.users()
	cmd = n.verb("restore", "Restore a deleted user; 'pbxctl user list --deleted' lists their IDs", func(ctx context.Context, s *app.App, id string) error {
		restored, err := s.Users.Restore(ctx, store.UserID(id), func(u *userman.User) error {
			if cmd.Flags().Changed("username") {
				u.Username = username
			}
			if cmd.Flags().Changed("default-extension") {
				u.DefaultExtension = extension
			}
			return nil
		})
		return users.printRecord(s, resource.Result[userman.User]{Record: restored}, asDeletedUserError(err), n.edited)
	})
	cmd.Long = "Restore a deleted user. If another user has the username or the default extension now, give new ones."
	cmd.Example = "  pbxctl user restore c6x2fd7k5v0a8m3q9w1z4b7n --default-extension ''"
	cmd.Flags().StringVar(&username, "username", "", "a new `USERNAME`")
	cmd.Flags().StringVar(&extension, "default-extension", "", "a new default `EXTENSION`, '' for none")
	return cmd
}

func (a *cli) userPurge() *cobra.Command {
	return a.deletedUsers().verb("purge", "Remove a deleted user forever, with API tokens and picture", func(ctx context.Context, s *app.App, id string) error {
		if err := s.Users.Purge(ctx, store.UserID(id)); err != nil {
			return asDeletedUserError(err)
		}
		return a.print(map[string]string{"purged": id}, "Removed forever.\n")
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
			var line bytes.Buffer
			encoder := json.NewEncoder(&line)
			encoder.SetEscapeHTML(false)
			return s.Users.Export(cmd.Context(), func(u *userman.User) error {
				line.Reset()
				if err := encoder.Encode(u); err != nil {
					return err
				}
				return a.write(line.String())
			})
		}),
	}
}
