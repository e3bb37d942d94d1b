package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

func (a *cli) adminShow() *cobra.Command {
	var queries []string
	cmd := &cobra.Command{
		Use:               "show USERNAME",
		Short:             "Show an administrator, and explain what is allowed and why",
		Example:           "  pbxctl admin show jane.admin --explain section:managers --explain extension:1001 --explain did:+4930100 --explain team:acme",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAdministrators,
	}
	cmd.Flags().StringArrayVar(&queries, "explain", nil, "`SUBJECT` to explain: section:ID, extension:NUMBER, did:NUMBER or team:NAME; may be repeated")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		shown, err := s.Administrators.Get(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		explanations, err := explain(shown, queries)
		if err != nil {
			return err
		}
		return a.printAdministrator(administrator{Administrator: shown, Explanations: explanations}, "")
	})
	return cmd
}

// explanation says whether one thing is allowed, and why.
type explanation struct {
	Subject ampusers.ResourceKind `json:"subject"`
	Key     string                `json:"key"`
	ampusers.Explanation
}

func (e explanation) String() string {
	result := "refused"
	if e.Allowed {
		result = "allowed"
	}
	return fmt.Sprintf("%s %s: %s: %s", e.Subject, cell(e.Key), result, e.Reason)
}

// explain answers each of what is asked, written as SUBJECT:KEY.
func explain(admin *ampusers.Administrator, queries []string) ([]explanation, error) {
	var answers []explanation
	for i, text := range queries {
		subject, key, ok := strings.Cut(text, ":")
		switch kind := ampusers.ResourceKind(subject); {
		case ok && isSubject(kind):
			answers = append(answers, explanation{kind, key, admin.Explain(kind, key)})
		default:
			return nil, store.NewInvalidError(store.FieldError{
				Field: fmt.Sprintf("explain[%d]", i), Code: "syntax", Message: "write section:ID, extension:NUMBER, did:NUMBER or team:NAME",
			})
		}
	}
	return answers, nil
}

func isSubject(s ampusers.ResourceKind) bool {
	switch s {
	case ampusers.ResourceSection, ampusers.ResourceExtension, ampusers.ResourceDID, ampusers.ResourceTeam:
		return true
	}
	return false
}
