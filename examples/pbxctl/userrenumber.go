package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

func (a *cli) userRenumber() *cobra.Command {
	return &cobra.Command{
		Use:   "renumber OLD=NEW...",
		Short: "Give default extensions new numbers, or swap them, in one step",
		Long:  "Give default extensions new numbers, or swap them, in one step. Linked extensions, permissions and API tokens with the old number get the new one.",
		Example: "  pbxctl user renumber 4001=5001 4002=5002\n" +
			"  pbxctl user renumber 4001=4002 4002=4001",
		Args: cobra.MinimumNArgs(1),
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			numbers := map[string]string{}
			for _, arg := range args {
				from, to, _ := strings.Cut(arg, "=")
				if _, repeated := numbers[from]; repeated || to == "" {
					return store.NewInvalidError(store.FieldError{Field: "numbers", Code: store.CodeSyntax, Message: "write each extension once, as OLD=NEW"})
				}
				numbers[from] = to
			}
			changed, err := s.Users.RenumberExtensions(cmd.Context(), numbers)
			if err != nil {
				return err
			}
			return a.print(map[string]any{"changed": changed}, "Changed: "+strings.Join(changed, ", ")+"\n")
		}),
	}
}
