package main

import (
	"bytes"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print everybody who is not deleted, as one line of JSON each; the audit trail is told",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			// The trail is told first: what was printed it has, also when the rest
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
