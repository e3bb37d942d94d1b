package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
)

func (a *app) adminShow() *cobra.Command {
	var asked []string
	cmd := &cobra.Command{
		Use:               "show USERNAME",
		Short:             "Show an administrator, and explain what is allowed and why",
		Example:           "  pbxctl admin show jane.admin --explain section:managers --explain extension:1001 --explain did:+4930100 --explain team:acme",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAdministrators,
	}
	cmd.Flags().StringArrayVar(&asked, "explain", nil, "`SUBJECT` to explain: section:ID, extension:NUMBER, did:NUMBER or team:NAME; may be repeated")
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, args []string) error {
		shown, err := s.Administrators.Get(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		explanations, err := explain(shown, asked)
		if err != nil {
			return err
		}
		return a.printAdministrator(administrator{Administrator: shown, Explanations: explanations}, "")
	})
	return cmd
}

// explanation says whether one thing is allowed, and why.
type explanation struct {
	Subject ampusers.Subject `json:"subject"`
	Key     string           `json:"key"`
	ampusers.Explanation
}

func (e explanation) String() string {
	verdict := "refused"
	if e.Allowed {
		verdict = "allowed"
	}
	return fmt.Sprintf("%s %s: %s: %s", e.Subject, cell(e.Key), verdict, e.Reason)
}

// explain answers each of what is asked, written as SUBJECT:KEY.
func explain(one *ampusers.Administrator, asked []string) ([]explanation, error) {
	var answers []explanation
	for i, text := range asked {
		subject, key, ok := strings.Cut(text, ":")
		switch about := ampusers.Subject(subject); {
		case ok && isSubject(about):
			answers = append(answers, explanation{about, key, one.Explain(about, key)})
		default:
			return nil, store.Invalid(store.FieldError{
				Field: fmt.Sprintf("explain[%d]", i), Code: "syntax", Message: "write section:ID, extension:NUMBER, did:NUMBER or team:NAME",
			})
		}
	}
	return answers, nil
}

func isSubject(s ampusers.Subject) bool {
	switch s {
	case ampusers.SubjectSection, ampusers.SubjectExtension, ampusers.SubjectDID, ampusers.SubjectTeam:
		return true
	}
	return false
}
