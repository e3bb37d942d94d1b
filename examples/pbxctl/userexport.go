package main

import (
	"bytes"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/userman"
)

func (a *app) userExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print everybody who is not deleted, as one line of JSON each",
		Args:  cobra.NoArgs,
		RunE: a.do(func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			var line bytes.Buffer
			encoder := json.NewEncoder(&line)
			encoder.SetEscapeHTML(false)
			return s.People.Each(cmd.Context(), func(u *userman.User) error {
				line.Reset()
				if err := encoder.Encode(u); err != nil {
					return err
				}
				return a.show(line.String())
			})
		}),
	}
}
