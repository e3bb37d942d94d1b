package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *app) userDelete() *cobra.Command {
	const short = "Delete a person, who can be restored, and end all sessions"
	return a.about("delete USERNAME", short, a.completePeople, func(ctx context.Context, s *site.Site, username string) error {
		gone := &userman.User{Username: username}
		if found, err := s.People.Get(ctx, username); err == nil {
			gone = found // as it is stored
		}
		if err := s.People.Delete(ctx, username); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": gone.Username, "id": gone.ID}, func() string {
			return "Deleted. To undo it: pbxctl user restore " + cell(gone.ID) + "\n"
		})
	})
}

func (a *app) userRestore() *cobra.Command {
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
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, args []string) error {
		restored, err := s.People.Restore(cmd.Context(), args[0], func(u *userman.User) error {
			if cmd.Flags().Changed("username") {
				u.Username = username
			}
			if cmd.Flags().Changed("default-extension") {
				u.DefaultExtension = extension
			}
			return nil
		})
		if err != nil {
			return ofDeleted(err)
		}
		return a.printPerson(person{User: restored}, "Restored.")
	})
	return cmd
}

func (a *app) userPurge() *cobra.Command {
	const short = "Remove a deleted person for good, with tokens and picture"
	return a.about("purge ID", short, a.completeDeleted, func(ctx context.Context, s *site.Site, id string) error {
		if err := s.People.Purge(ctx, id); err != nil {
			return ofDeleted(err)
		}
		return a.print(map[string]string{"purged": id}, func() string { return "Gone for good.\n" })
	})
}

// ofDeleted says of somebody whom there is not that it is among the deleted
// people that they were looked for.
func ofDeleted(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &store.NotFoundError{Kind: userman.DeletedPersonRecord}
	}
	return err
}
