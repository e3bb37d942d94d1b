package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userPicture() *cobra.Command {
	var file, save string
	var remove bool
	n := a.users()
	var cmd *cobra.Command
	cmd = n.verb("picture", "Set, save or remove the picture of a user", func(ctx context.Context, s *app.App, username string) error {
		var changed *userman.User
		var err error
		switch {
		case remove:
			changed, err = s.Users.SetPicture(ctx, username, nil, nil)
		case cmd.Flags().Changed("file"):
			changed, err = a.setPicture(ctx, s, username, file)
		default:
			return a.savePicture(ctx, s, username, save)
		}
		return n.printRecord(s, resource.Result[userman.User]{Record: changed}, err, n.edited)
	})
	cmd.Long = "Set, save or remove the picture of a user. A JPEG, PNG or GIF is cropped to a square and encoded anew; nothing else of the file is kept."
	cmd.Example = "  pbxctl user picture jane.roe --file jane.png\n  pbxctl user picture jane.roe --save jane.jpg"
	cmd.PreRunE = requireTrue("remove")
	cmd.Flags().StringVar(&file, "file", "", "`FILE` with the new picture, '-' for standard input")
	cmd.Flags().StringVar(&save, "save", "", "`FILE` to save the picture to as a JPEG, '-' for standard output")
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the picture")
	cmd.MarkFlagsOneRequired("file", "save", "remove")
	cmd.MarkFlagsMutuallyExclusive("file", "save", "remove")
	return cmd
}

func (a *cli) setPicture(ctx context.Context, s *app.App, username, path string) (*userman.User, error) {
	// One byte more than allowed, so that the service rejects it.
	picture, err := readInput(ctx, path, a.stdin, userman.MaxPictureBytes+1)
	if err != nil {
		return nil, app.WithHint(fmt.Errorf("reading the picture: %w", err), "Check the path of --file.")
	}
	return s.Users.SetPicture(ctx, username, bytes.NewReader(picture), nil)
}

// modePicture lets other users read a saved picture.
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
		return app.WithHint(err, "Check the path of --save.")
	}
	return a.print(map[string]any{"saved": path, "bytes": len(picture)}, "Saved.\n")
}
