package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userPicture() *cobra.Command {
	var file, save string
	var remove bool
	cmd := &cobra.Command{
		Use:   "picture USERNAME",
		Short: "Set, save or remove the picture of a person",
		Long: "Set, save or remove the picture of a person. Of a JPEG, PNG or GIF the middle is cut out square and kept,\n" +
			"and nothing else of the file.",
		Example:           "  pbxctl user picture jane.roe --file jane.png\n  pbxctl user picture jane.roe --save jane.jpg",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeUsers,
		PreRunE:           requireTrue("remove"),
	}
	cmd.Flags().StringVar(&file, "file", "", "`FILE` of the new picture, '-' for standard input")
	cmd.Flags().StringVar(&save, "save", "", "`FILE` to write the picture to, as a JPEG, '-' for standard output")
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the picture")
	cmd.MarkFlagsOneRequired("file", "save", "remove")
	cmd.MarkFlagsMutuallyExclusive("file", "save", "remove")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		var changed *userman.User
		var err error
		switch {
		case remove:
			changed, err = s.Users.RemovePicture(cmd.Context(), args[0])
		case cmd.Flags().Changed("file"):
			changed, err = a.setPicture(cmd.Context(), s, args[0], file)
		default:
			return a.savePicture(cmd.Context(), s, args[0], save)
		}
		if err != nil {
			return err
		}
		return a.printUser(userView{User: changed}, "Changed.")
	})
	return cmd
}

func (a *cli) setPicture(ctx context.Context, s *app.App, username, path string) (*userman.User, error) {
	// One byte more, so that the service sees that it is too much.
	picture, err := readInput(ctx, path, a.stdin, userman.MaxPictureBytes+1)
	if err != nil {
		return nil, app.WithHint(fmt.Errorf("reading the picture: %w", err), "Check the path that --file names.")
	}
	return s.Users.SetPicture(ctx, username, bytes.NewReader(picture))
}

// modePicture lets others look at what is saved.
const modePicture os.FileMode = 0o644

func (a *cli) savePicture(ctx context.Context, s *app.App, username, path string) error {
	picture, err := s.Users.Picture(ctx, username)
	if err != nil {
		return err
	}
	if path == "-" {
		_, err = a.stdout.Write(picture)
		return err
	}
	if err := renameio.WriteFile(path, picture, modePicture); err != nil {
		return app.WithHint(err, "Check the path that --save names.")
	}
	return a.print(map[string]any{"saved": path, "bytes": len(picture)}, func() string { return "Saved.\n" })
}
