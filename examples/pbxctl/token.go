package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func (a *cli) tokens() *noun[apitoken.Token] {
	return &noun[apitoken.Token]{
		cli: a, article: "an API token", argument: "ID", fold: func(id string) string { return id },
		declare: func(s *app.App) *resource.Type[apitoken.Token] {
			return resource.Tokens(func(context.Context) *apitoken.Service { return s.Tokens })
		},
		prepare:   checkTokenLists,
		columns:   []string{"id", "username", "description", "extensions", "modules", "disabled", "expires_at", "last_used_at"},
		unlimited: []string{"addresses"},
		lost:      func(id string) string { return "The key is lost. Run 'pbxctl token rotate " + id + "' for a new one." },
		empty:     "No API tokens. Create one: pbxctl token add USERNAME",
		created: func(resource.Result[apitoken.Token]) string {
			return "Created. Programs authenticate with the ID and the key."
		},
		edited: "Changed.", deleted: "Deleted.",
	}
}

func (a *cli) tokenCommand() *cobra.Command {
	n := a.tokens()
	add := n.add("add USERNAME", "Create an API token for a user; its key is shown only once",
		"  pbxctl token add jane.roe --description 'CRM' --modules voicemail,contacts\n"+
			"  pbxctl token add jane.roe --extensions 4001 --modules all --addresses 192.0.2.0/24 --expires-at 2027-01-01 --requests-per-hour 100", a.open)
	add.ValidArgsFunction = a.users().complete
	parent := newNoun("token", "Manage API tokens, with which programs act for users")
	parent.AddCommand(
		add, a.tokenList(), n.show(), n.edit("  pbxctl token edit 7h2kq9x4v1n8b3m6 --addresses '' --disabled", "", nil),
		a.tokenRotate(), n.delete("Delete an API token"),
	)
	return parent
}

// checkTokenLists rejects empty lists. An empty list means all, and an unset
// variable of a script must not.
func checkTokenLists(_ *apitoken.Token, values map[string]field.Value) []store.FieldError {
	var errs []store.FieldError
	for _, name := range []string{"extensions", "modules"} {
		if value, given := values[name]; given && value.IsZero() {
			delete(values, name)
			errs = append(errs, store.FieldError{
				Field: name, Code: store.CodeRequired, Message: "name " + name + ", or all; to revoke all access, disable or delete the token",
			})
		}
	}
	return errs
}

func (a *cli) tokenRotate() *cobra.Command {
	n := a.tokens()
	return n.verb("rotate", "Replace the key of an API token; the new key is shown only once", func(ctx context.Context, s *app.App, id string) error {
		token, key, err := s.Tokens.Rotate(ctx, apitoken.ID(id))
		result, err := resource.TokenResult(ctx, s.Tokens, token, key, err)
		if err != nil && !key.IsZero() {
			err = app.WithHint(err, n.lost(id))
		}
		return n.printRecord(s, result, err, "Rotated. The old key no longer works.")
	})
}

func (a *cli) tokenList() *cobra.Command {
	n := a.tokens()
	cmd := n.list("List the API tokens of a user, or of all users", func(q *resource.Query, args []string) ([]string, error) {
		if q.Owner = strings.Join(args, ""); len(args) == 1 && q.Owner == "" {
			// A script whose variable is unset does not mean all users.
			return nil, store.NewInvalidError(store.FieldError{Field: "username", Code: store.CodeRequired, Message: "the username is empty; leave it out to list the tokens of all users"})
		}
		return n.columns, nil
	})
	cmd.Use, cmd.Args, cmd.ValidArgsFunction = "list [USERNAME]", cobra.MaximumNArgs(1), a.users().complete
	return cmd
}
