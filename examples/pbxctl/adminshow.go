package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

func (a *cli) adminShow() *cobra.Command {
	var queries []string
	cmd := a.administrators().one("show", "Show an administrator, and explain what is allowed", func(ctx context.Context, s *app.App, username string) error {
		admin, err := s.Administrators.Get(ctx, username)
		if err != nil {
			return err
		}
		explanations, err := explain(admin, queries)
		if err != nil {
			return err
		}
		return a.printView(administratorView{Administrator: admin, Explanations: explanations}, "")
	})
	cmd.Example = "  pbxctl admin show jane.admin --explain section:users --explain extension:1001 --explain did:+4930100 --explain team:acme"
	cmd.Flags().StringArrayVar(&queries, "explain", nil, "explain access to `RESOURCE`: section:ID, extension:NUMBER, did:NUMBER or team:NAME; may be repeated")
	return cmd
}

// explanation says whether access to one resource is allowed, and why.
type explanation struct {
	Subject ampusers.ResourceKind `json:"subject"`
	Key     string                `json:"key"`
	ampusers.Explanation
}

func (e explanation) String() string {
	result := "denied"
	if e.Allowed {
		result = "allowed"
	}
	return fmt.Sprintf("%s %s: %s: %s", e.Subject, cell(e.Key), result, e.Reason)
}

// explain answers queries written as KIND:KEY.
func explain(admin *ampusers.Administrator, queries []string) ([]explanation, error) {
	kinds := []ampusers.ResourceKind{ampusers.ResourceSection, ampusers.ResourceExtension, ampusers.ResourceDID, ampusers.ResourceTeam}
	var answers []explanation
	for i, text := range queries {
		subject, key, ok := strings.Cut(text, ":")
		kind := ampusers.ResourceKind(subject)
		if !ok || !slices.Contains(kinds, kind) {
			return nil, store.NewInvalidError(store.FieldError{
				Field: fmt.Sprintf("explain[%d]", i), Code: "syntax", Message: "write section:ID, extension:NUMBER, did:NUMBER or team:NAME",
			})
		}
		answers = append(answers, explanation{kind, key, admin.Explain(kind, key)})
	}
	return answers, nil
}
