package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func (a *cli) auditCommand() *cobra.Command {
	parent := newNoun("audit", "Read and verify the audit log")
	parent.AddCommand(a.auditList(), a.auditVerify(), a.auditBaseline())
	return parent
}

func (a *cli) auditList() *cobra.Command {
	var query audit.Query
	var outcome string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List audit log entries, newest first; --json includes the records before and after",
		Example: fmt.Sprintf("  pbxctl audit list --kind administrator --since 2026-01-31\n  pbxctl audit list --action login --outcome %s", audit.Denied),
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&query.Actor, "actor", "", "only entries of the actor with this `NAME`")
	flags.StringVar(&query.Action, "action", "", "only this `ACTION`, such as create, update, delete, login, apply")
	flags.StringVar(&query.Kind, "kind", "", "only records of this `KIND`, such as administrator or 'AMI account'")
	flags.StringVar(&query.Key, "key", "", "only the record with this `NAME`")
	flags.StringVar(&outcome, "outcome", "", "only this `OUTCOME`: "+strings.Join(audit.OutcomeNames(), ", "))
	flags.Func("since", "only entries from this `TIME` on, such as 2026-01-31, '2026-01-31 17:00:00' or 2026-01-31T17:00:00Z", setTime(&query.Since))
	flags.Func("until", "only entries before this `TIME`", setTime(&query.Until))
	flags.StringVar(&query.After, "after", "", "continue after this `SEQUENCE`: the 'next' of the previous page")
	flags.IntVar(&query.Limit, "limit", store.DefaultPageLimit, limitUsage("entries"))
	completeWords(cmd, "outcome", audit.OutcomeNames()...)
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		var err error
		if query.Outcome, err = audit.ParseOutcome(outcome); err != nil {
			return err
		}
		list, err := s.AuditLog.List(cmd.Context(), query)
		return printResult(a, list, err, auditListText)
	})
	return cmd
}

func auditListText(list *store.Page[*audit.Entry]) string {
	if len(list.Items) == 0 {
		return "No entries found.\n"
	}
	return tableOf(list.Items, func(e *audit.Entry) []any {
		actor := strings.TrimSuffix(string(e.Actor.Kind)+" "+e.Actor.Name, " ")
		return []any{e.Sequence, e.Time, actor, e.Actor.Origin(), e.Action, e.Kind, e.Key, e.Outcome, e.Reason}
	}, "SEQUENCE", "TIME", "ACTOR", "ADDRESS", "ACTION", "KIND", "KEY", "OUTCOME", "REASON") + moreText(list.Next)
}

func (a *cli) auditBaseline() *cobra.Command {
	return &cobra.Command{
		Use:   "baseline",
		Short: "Baseline existing records in the audit log",
		Long: "Baseline the records that the audit log does not know, such as records from before the log began.\n" +
			"'pbxctl audit verify' lists them. Check each one first: a record that was inserted by plain SQL looks the same.",
		Args: cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			added, err := s.BaselineAudit(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(map[string][]store.Reference{"baselined": added}, baselineText(added))
		}),
	}
}

func baselineText(added []store.Reference) string {
	if len(added) == 0 {
		return "Nothing to baseline: the audit log knows every record.\n"
	}
	var b strings.Builder
	for _, r := range added {
		fmt.Fprintf(&b, "baselined: %s %s\n", cell(r.Kind), cell(r.Key))
	}
	return b.String()
}

func (a *cli) auditVerify() *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Verify the integrity of the audit log and records",
		Long: "Verify the integrity of the audit log and records: find entries and records that were changed, added or removed outside this program.\n" +
			"Keep the checkpoint that it prints. --since compares with it later, and finds out whether the whole log was replaced.",
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&since, "since", "", "checkpoint `SEQUENCE:HASH` of an earlier verification")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		checkpoint, err := audit.ParseCheckpoint(since)
		if err != nil {
			return store.NewInvalidError(store.FieldErrorsAt("since", err)...)
		}
		found, err := s.VerifyAudit(cmd.Context())
		if err != nil {
			return err
		}
		if err := s.AuditLog.CompareCheckpoint(cmd.Context(), found, checkpoint); err != nil {
			return err
		}
		return a.printVerification(found)
	})
	return cmd
}

// printVerification fails if there are findings, so that scripts notice. Text
// output has them in the error, JSON in the document.
func (a *cli) printVerification(found *audit.Verification) error {
	switch {
	case found.FindingCount > 0 && a.json:
		return errors.Join(a.print(found, ""), fmt.Errorf("integrity check failed: %d findings", found.FindingCount))
	case found.FindingCount > 0:
		return fmt.Errorf("integrity check failed: records were modified outside this program:%s", findingsText(found))
	}
	text := fmt.Sprintf("No tampering found: %d entries, %d records checked.\n", found.Entries, found.Records)
	if found.Entries > 0 {
		text += fmt.Sprintf("Checkpoint for the next time: --since %s\n", found.Checkpoint())
	}
	return a.print(found, text)
}

func findingsText(found *audit.Verification) string {
	var b strings.Builder
	for _, p := range found.Findings {
		b.WriteString("\n  " + cell(p))
	}
	if more := found.FindingCount - int64(len(found.Findings)); more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}
