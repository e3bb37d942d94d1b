package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// token is one as it is printed: with its key only where it is shown once.
type token struct {
	*userman.Token

	// Username is that of whose token it is, deleted or not.
	Username string `json:"username"`
	Key      string `json:"key,omitempty"`
}

// printToken prints a token, and what was done.
func (a *cli) printToken(ctx context.Context, s *app.App, shown token, footer string) error {
	owner, err := s.Users.GetByID(ctx, shown.UserID)
	if err == nil {
		shown.Username = owner.Username
		err = a.print(shown, func() string { return shown.text(footer) })
	}
	if err != nil && shown.Key != "" {
		return app.WithHint(err, "Nobody knows the key: 'pbxctl token rotate "+shown.ID+"' makes another one.")
	}
	return err
}

func (shown token) text(footer string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(label string, value any) { _, _ = fmt.Fprintf(w, "%s\t%s\n", label, cell(value)) }
	row("id", shown.ID)
	if shown.Key != "" {
		row("key", shown.Key+"   (shown this once)")
	}
	row("username", shown.Username)
	row("description", shown.Description)
	row("extensions", strings.Join(shown.Extensions, ","))
	row("modules", strings.Join(shown.Modules, ","))
	row("requests_per_hour", shown.RequestsPerHour)
	row("addresses", addressesText(shown.Token))
	row("expires_at", localTime(shown.ExpiresAt))
	row("disabled", shown.Disabled)
	row("key_made_at", localTime(shown.KeyCreatedAt))
	row("last_used_at", localTime(shown.LastUsedAt))
	_ = w.Flush()
	if footer != "" {
		b.WriteString(footer + "\n")
	}
	return b.String()
}

// addressesText spells out what none means.
func addressesText(t *userman.Token) string {
	texts := make([]string, len(t.Addresses))
	for i, prefix := range t.Addresses {
		texts[i] = prefix.String()
	}
	return orAll(strings.Join(texts, ","))
}

// withOwners are tokens with the usernames of those whose they are.
func withOwners(ctx context.Context, s *app.App, list *store.Page[*userman.Token]) (*store.Page[token], error) {
	shown := &store.Page[token]{Items: []token{}, Next: list.Next}
	known := map[string]string{}
	for _, t := range list.Items {
		if _, ok := known[t.UserID]; !ok {
			owner, err := s.Users.GetByID(ctx, t.UserID)
			if errors.Is(err, store.ErrNotFound) {
				continue // purged meanwhile, with their tokens
			}
			if err != nil {
				return nil, err
			}
			known[t.UserID] = owner.Username
		}
		shown.Items = append(shown.Items, token{Token: t, Username: known[t.UserID]})
	}
	return shown, nil
}

func (a *cli) tokenShow() *cobra.Command {
	return a.recordCommand("show ID", "Show a token, without its key", a.completeTokens, func(ctx context.Context, s *app.App, id string) error {
		t, err := s.Users.Token(ctx, id)
		if err != nil {
			return err
		}
		return a.printToken(ctx, s, token{Token: t}, "")
	})
}

func (a *cli) tokenList() *cobra.Command {
	var page store.PageRequest
	cmd := &cobra.Command{
		Use:               "list [USERNAME]",
		Short:             "List the tokens of a person, or of everybody",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeUsers,
	}
	cmd.Flags().StringVar(&page.After, "after", "", "begin after this `ID`: the 'next' of the page before")
	cmd.Flags().IntVar(&page.Limit, "limit", store.DefaultPageLimit, limitUsage("tokens"))
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		username := strings.Join(args, "")
		if len(args) == 1 && username == "" {
			// A script whose variable is empty does not mean everybody.
			return store.NewInvalidError(store.FieldError{Field: "username", Code: "required", Message: "the name is empty; leave it out to list the tokens of everybody"})
		}
		list, err := s.Users.Tokens(cmd.Context(), username, page)
		if err != nil {
			return err
		}
		shown, err := withOwners(cmd.Context(), s, list)
		if err != nil {
			return err
		}
		return a.print(shown, func() string { return tokenListText(shown) })
	})
	return cmd
}

func tokenListText(list *store.Page[token]) string {
	if len(list.Items) == 0 {
		return "No API tokens. Make one: pbxctl token add USERNAME\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tUSERNAME\tDESCRIPTION\tEXTENSIONS\tMODULES\tDISABLED\tEXPIRES\tLAST USED")
	for _, t := range list.Items {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%v\t%s\t%s\n", cell(t.ID), cell(t.Username), cell(t.Description), cell(strings.Join(t.Extensions, ",")),
			cell(strings.Join(t.Modules, ",")), t.Disabled, cell(localTime(t.ExpiresAt)), cell(localTime(t.LastUsedAt)))
	}
	_ = w.Flush()
	return b.String() + moreText(list.Next)
}
