package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func (a *cli) auditCommand() *cobra.Command {
	parent := &cobra.Command{Use: "audit", Short: "The audit trail: who did what, when and from where", Args: cobra.NoArgs, RunE: requireSubcommand}
	parent.AddCommand(a.auditList(), a.auditVerify(), a.auditBaseline())
	return parent
}

func (a *cli) auditList() *cobra.Command {
	var query audit.Query
	var outcome string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List what was done, refused or failed, newest first; --json shows the records before and after, too",
		Example: "  pbxctl audit list --kind administrator --since 2026-01-31\n  pbxctl audit list --action login --outcome refused",
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&query.Actor, "actor", "", "only what the actor of this `NAME` did")
	flags.StringVar(&query.Action, "action", "", "only this `ACTION`, such as create, update, delete, login, apply")
	flags.StringVar(&query.Kind, "kind", "", "only what was done to this `KIND`, such as administrator or 'AMI account'")
	flags.StringVar(&query.Key, "key", "", "only what was done to the record of this `NAME`")
	flags.StringVar(&outcome, "outcome", "", "only this `OUTCOME`: done, refused or failed")
	flags.Var((*timeFlag)(&query.Since), "since", "only from this `TIME` on, such as 2026-01-31, '2026-01-31 17:00:00' or 2026-01-31T17:00:00Z")
	flags.Var((*timeFlag)(&query.Until), "until", "only before this `TIME`")
	flags.StringVar(&query.After, "after", "", "begin after this `SEQUENCE`: the 'next' of the page before")
	flags.IntVar(&query.Limit, "limit", store.DefaultPageLimit, limitUsage("entries"))
	_ = cmd.RegisterFlagCompletionFunc("outcome", cobra.FixedCompletions(outcomes(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		var err error
		if query.Outcome, err = parseOutcome(outcome); err != nil {
			return err
		}
		list, err := s.AuditLog.List(cmd.Context(), query)
		if err != nil {
			return err
		}
		return a.print(list, func() string { return auditListText(list) })
	})
	return cmd
}

func outcomes() []string {
	return []string{string(audit.Succeeded), string(audit.Denied), string(audit.Failed)}
}

// parseOutcome refuses a word that would select nothing.
func parseOutcome(text string) (audit.Outcome, error) {
	switch outcome := audit.Outcome(text); outcome {
	case "", audit.Succeeded, audit.Denied, audit.Failed:
		return outcome, nil
	}
	return "", store.NewInvalidError(store.FieldError{Field: "outcome", Code: "oneof", Message: "choose one of " + strings.Join(outcomes(), ", ")})
}

func auditListText(list *store.Page[*audit.Entry]) string {
	if len(list.Items) == 0 {
		return "Nothing is kept that matches.\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SEQUENCE\tTIME\tACTOR\tSOURCE\tACTION\tKIND\tKEY\tOUTCOME\tREASON")
	for _, e := range list.Items {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Sequence, localTime(e.Time), cell(actorText(e.Actor)), cell(e.Actor.Origin()),
			cell(e.Action), cell(e.Kind), cell(e.Key), cell(e.Outcome), cell(e.Reason))
	}
	_ = w.Flush()
	return b.String() + moreText(list.Next)
}

func actorText(actor audit.Actor) string {
	return strings.TrimSuffix(string(actor.Kind)+" "+actor.Name, " ")
}

// timeFlag is a time as a flag.
type timeFlag time.Time

// String returns nothing for the zero time.
func (m *timeFlag) String() string {
	if t := time.Time(*m); !t.IsZero() {
		return t.Format(time.RFC3339Nano)
	}
	return ""
}

// Type is what the flag holds.
func (m *timeFlag) Type() string { return "time" }

// Set takes a date, a date with the time of this host, or RFC 3339.
func (m *timeFlag) Set(text string) error {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		t, err := time.ParseInLocation(layout, text, time.Local) //nolint:gosmopolitan // for a person at this host
		if err == nil {
			*m = timeFlag(t)
			return nil
		}
	}
	return fmt.Errorf("write a time such as 2026-01-31, '2026-01-31 17:00:00' or 2026-01-31T17:00:00Z")
}
