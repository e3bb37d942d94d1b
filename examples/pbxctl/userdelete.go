package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userDelete() *cobra.Command {
	const short = "Delete a person, who can be restored, and end all sessions"
	return a.recordCommand("delete USERNAME", short, a.completeUsers, func(ctx context.Context, s *app.App, username string) error {
		deleted := &userman.User{Username: username}
		if found, err := s.Users.Get(ctx, username); err == nil {
			deleted = found // as it is stored
		}
		if err := s.Users.Delete(ctx, username); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": deleted.Username, "id": deleted.ID}, func() string {
			return "Deleted. To undo it: pbxctl user restore " + cell(deleted.ID) + "\n"
		})
	})
}

func (a *cli) userRestore() *cobra.Command {
	var username, extension string
	cmd := &cobra.Command{
		Use:   "restore ID",
		Short: "Bring a deleted person back; 'pbxctl user deleted' lists them with their IDs",
		Long: "Bring a deleted person back. Somebody else may have the username or the default extension by now:\n" +
			"then give other ones.",
		Example:           "  pbxctl user restore c6x2fd7k5v0a8m3q9w1z4b7n --default-extension ''",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeDeleted,
	}
	cmd.Flags().StringVar(&username, "username", "", "another `USERNAME` than before")
	cmd.Flags().StringVar(&extension, "default-extension", "", "another default `EXTENSION` than before, or '' for none")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		restored, err := s.Users.Restore(cmd.Context(), args[0], func(u *userman.User) error {
			if cmd.Flags().Changed("username") {
				u.Username = username
			}
			if cmd.Flags().Changed("default-extension") {
				u.DefaultExtension = extension
			}
			return nil
		})
		if err != nil {
			return asDeletedUserError(err)
		}
		return a.printUser(userView{User: restored}, "Restored.")
	})
	return cmd
}

func (a *cli) userPurge() *cobra.Command {
	const short = "Remove a deleted person for good, with tokens and picture"
	return a.recordCommand("purge ID", short, a.completeDeleted, func(ctx context.Context, s *app.App, id string) error {
		if err := s.Users.Purge(ctx, id); err != nil {
			return asDeletedUserError(err)
		}
		return a.print(map[string]string{"purged": id}, func() string { return "Gone for good.\n" })
	})
}

// asDeletedUserError says of somebody whom there is not that it is among the deleted
// people that they were looked for.
func asDeletedUserError(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &store.NotFoundError{Kind: userman.KindDeletedUser}
	}
	return err
}
