package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

func (a *cli) keyCommand() *cobra.Command {
	parent := newNoun("key", "Manage the keys that encrypt secrets in the database")
	parent.AddCommand(a.keyRotate())
	return parent
}

func (a *cli) keyRotate() *cobra.Command {
	var keepOld bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Replace the key: add a new one, encrypt everything again, drop the old ones",
		Long: "Replace the key: add a new one to the key file, encrypt all secrets and sign the audit log again, and drop the old keys.\n" +
			"Servers may keep running. If the command is interrupted, all needed keys stay in the file: run it again.\n" +
			"Database backups from before still need the old key file: keep a copy of it as long as you keep them.",
		Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&keepOld, "keep-old-keys", false, "do not drop the old keys from the key file")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		result, err := s.RotateKeys(cmd.Context(), keepOld)
		return printResult(a, result, err, rotationText)
	})
	return cmd
}

func rotationText(result *sqlstore.KeyRotation) string {
	oldKeys := "The old keys are still in the key file."
	if result.OldKeysDropped {
		oldKeys = "The old keys were dropped."
	}
	return fmt.Sprintf("Key rotated, %d values and signatures renewed. %s Back up the key file now.\n", result.Reencrypted, oldKeys)
}
