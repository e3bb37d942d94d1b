package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// tokens declares the API tokens for the commands that all records share.
func (a *cli) tokens() *resource[userman.Token] {
	return &resource[userman.Token]{
		cli: a, noun: "token", article: "an API token", argument: "ID", kind: userman.KindToken,
		fields: tokenFields(),
		extra: []extraFlag[userman.Token]{
			tokenListFlag("extensions", "extensions of the user that the token covers, or all (the default)", func(t *userman.Token) *[]string { return &t.Extensions }),
			tokenListFlag("modules", "modules that the token covers, such as voicemail,contacts, or all (the default)", func(t *userman.Token) *[]string { return &t.Modules }),
			tokenAddressesFlag(),
		},
		key:  func(t *userman.Token) string { return t.ID },
		fold: verbatim,
		get: func(ctx context.Context, s *app.App, key string) (*userman.Token, error) {
			return s.Users.Token(ctx, key)
		},
		list: func(ctx context.Context, s *app.App, q listQuery) (*store.Page[*userman.Token], error) {
			return s.Users.Tokens(ctx, "", q.PageRequest)
		},
		update: func(ctx context.Context, s *app.App, key string, edit func(*userman.Token) error) (*userman.Token, error) {
			return s.Users.UpdateToken(ctx, key, edit)
		},
		remove: func(ctx context.Context, s *app.App, key string) error { return s.Users.DeleteToken(ctx, key) },
		view: func(ctx context.Context, s *app.App, t *userman.Token) (view, error) {
			return newTokenView(ctx, s, t, store.Secret{})
		},
		edited: "Changed.", deleted: "Deleted.",
	}
}

func (a *cli) tokenCommand() *cobra.Command {
	r := a.tokens()
	parent := newNoun("token", "Manage API tokens, with which programs act for users")
	parent.AddCommand(
		a.tokenAdd(), a.tokenList(), r.showCommand(), r.editCommand("  pbxctl token edit 7h2kq9x4v1n8b3m6 --addresses '' --disabled", "", nil),
		a.tokenRotate(), r.deleteCommand("Delete an API token"),
	)
	return parent
}

// tokenListFlag is the flag for a list in which all is a word and nothing is
// not allowed: an unset variable of a script must not mean all.
func tokenListFlag(name, usage string, at func(*userman.Token) *[]string) extraFlag[userman.Token] {
	return extraFlag[userman.Token]{
		name: name, placeholder: strings.ToUpper(name), usage: usage + "; may be repeated",
		parse: func(_ *app.App, given []string) (func(*userman.Token), []store.FieldError) {
			values := splitValues(given)
			if len(values) == 0 {
				return func(*userman.Token) {}, []store.FieldError{{
					Field: name, Code: "required", Message: "name " + name + ", or all; to revoke all access, disable or delete the token",
				}}
			}
			return func(t *userman.Token) { *at(t) = slices.Clone(values) }, nil
		},
	}
}

func tokenAddressesFlag() extraFlag[userman.Token] {
	return extraFlag[userman.Token]{
		name: "addresses", placeholder: "ADDRESSES", usage: "addresses and networks that can use the token; none means any; may be repeated",
		parse: func(_ *app.App, given []string) (func(*userman.Token), []store.FieldError) {
			addresses, errs := []netip.Prefix(nil), []store.FieldError(nil)
			for i, text := range splitValues(given) {
				network, err := userman.ParseNetwork(text)
				if err != nil {
					errs = append(errs, store.FieldError{Field: fmt.Sprintf("addresses[%d]", i), Code: "network", Message: err.Error()})
					continue
				}
				addresses = append(addresses, network)
			}
			return func(t *userman.Token) { t.Addresses = slices.Clone(addresses) }, errs
		},
	}
}

func (a *cli) tokenAdd() *cobra.Command {
	var username string
	var key store.Secret
	cmd := a.tokens().addCommand(&addCommand[userman.Token]{
		Command: cobra.Command{
			Use:   "add USERNAME",
			Short: "Create an API token for a user; its key is shown only once",
			Example: "  pbxctl token add jane.roe --description 'CRM' --modules voicemail,contacts\n" +
				"  pbxctl token add jane.roe --extensions 4001 --modules all --addresses 192.0.2.0/24 --expires-at 2027-01-01 --requests-per-hour 100",
			ValidArgsFunction: a.users().complete,
		},
		fresh: func(arg string) *userman.Token {
			username = arg
			return &userman.Token{}
		},
		create: func(ctx context.Context, s *app.App, t *userman.Token, _ store.Secret) (created *userman.Token, err error) {
			created, key, err = s.Users.CreateToken(ctx, username, t)
			return created, err
		},
		done: func(ctx context.Context, s *app.App, created *userman.Token, _ store.Secret) error {
			return a.printToken(ctx, s, created, key, "Created. Programs authenticate with the ID and the key.")
		},
	})
	return cmd
}

func (a *cli) tokenRotate() *cobra.Command {
	return a.tokens().one("rotate", "Replace the key of an API token; the new key is shown only once", func(ctx context.Context, s *app.App, id string) error {
		rotated, key, err := s.Users.RotateToken(ctx, id)
		if err != nil {
			return err
		}
		return a.printToken(ctx, s, rotated, key, "Rotated. The old key no longer works.")
	})
}

func (a *cli) tokenList() *cobra.Command {
	var flags listFlags
	cmd := &cobra.Command{
		Use:               "list [USERNAME]",
		Short:             "List the API tokens of a user, or of all users",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.users().complete,
	}
	flags.register(cmd.Flags(), "tokens", "", nil)
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		username := strings.Join(args, "")
		if len(args) == 1 && username == "" {
			// A script whose variable is unset does not mean all users.
			return store.NewInvalidError(store.FieldError{Field: "username", Code: "required", Message: "the username is empty; leave it out to list the tokens of all users"})
		}
		list, err := s.Users.Tokens(cmd.Context(), username, flags.PageRequest)
		if err != nil {
			return err
		}
		views, err := newTokenViews(cmd.Context(), s, list)
		if err != nil {
			return err
		}
		return a.print(views, func() string {
			return listText(views, tokenColumns(), "No API tokens. Create one: pbxctl token add USERNAME")
		})
	})
	return cmd
}

func tokenColumns() []column[tokenView] {
	return []column[tokenView]{
		{"ID", func(t *tokenView) any { return t.ID }},
		{"USERNAME", func(t *tokenView) any { return t.Username }},
		{"DESCRIPTION", func(t *tokenView) any { return t.Description }},
		{"EXTENSIONS", func(t *tokenView) any { return t.Extensions }},
		{"MODULES", func(t *tokenView) any { return t.Modules }},
		{"DISABLED", func(t *tokenView) any { return t.Disabled }},
		{"EXPIRES", func(t *tokenView) any { return t.ExpiresAt }},
		{"LAST USED", func(t *tokenView) any { return t.LastUsedAt }},
	}
}

// tokenView is an API token as it is printed: with its key only once.
type tokenView struct {
	*userman.Token

	// Username is that of the owner, deleted or not.
	Username string `json:"username"`
	Key      string `json:"key,omitempty"`
}

func newTokenView(ctx context.Context, s *app.App, t *userman.Token, key store.Secret) (*tokenView, error) {
	owner, err := s.Users.GetByID(ctx, t.UserID)
	if err != nil {
		return nil, err
	}
	return &tokenView{Token: t, Username: owner.Username, Key: key.Reveal()}, nil
}

// newTokenViews looks up the owners of a page of tokens, each once.
func newTokenViews(ctx context.Context, s *app.App, page *store.Page[*userman.Token]) (*store.Page[*tokenView], error) {
	views := &store.Page[*tokenView]{Items: []*tokenView{}, Next: page.Next}
	known := map[string]string{}
	for _, t := range page.Items {
		if username, ok := known[t.UserID]; ok {
			views.Items = append(views.Items, &tokenView{Token: t, Username: username})
			continue
		}
		v, err := newTokenView(ctx, s, t, store.Secret{})
		if errors.Is(err, store.ErrNotFound) {
			continue // the owner was purged in the meantime, with the tokens
		}
		if err != nil {
			return nil, err
		}
		known[t.UserID] = v.Username
		views.Items = append(views.Items, v)
	}
	return views, nil
}

// printToken prints a token with its new key.
func (a *cli) printToken(ctx context.Context, s *app.App, t *userman.Token, key store.Secret, footer string) error {
	v, err := newTokenView(ctx, s, t, key)
	if err != nil {
		return app.WithHint(err, lostKeyHint(t.ID))
	}
	return a.printView(v, footer)
}

func lostKeyHint(id string) string {
	return "The key is lost. Run 'pbxctl token rotate " + id + "' for a new one."
}

func (v *tokenView) notes() []string { return nil }

func (v *tokenView) lostHint() string {
	if v.Key == "" {
		return ""
	}
	return lostKeyHint(v.ID)
}

func (v *tokenView) rows() [][]any {
	addresses := make([]string, len(v.Addresses))
	for i, prefix := range v.Addresses {
		addresses[i] = prefix.String()
	}
	rows := [][]any{{"id", v.ID}}
	if v.Key != "" {
		rows = append(rows, []any{"key", v.Key + shownOnce})
	}
	return append(
		rows,
		[]any{"username", v.Username},
		[]any{"description", v.Description},
		[]any{"extensions", v.Extensions},
		[]any{"modules", v.Modules},
		[]any{"requests_per_hour", v.RequestsPerHour},
		[]any{"addresses", orAll(strings.Join(addresses, ","))},
		[]any{"expires_at", v.ExpiresAt},
		[]any{"disabled", v.Disabled},
		[]any{"key_made_at", v.KeyCreatedAt},
		[]any{"last_used_at", v.LastUsedAt},
	)
}
