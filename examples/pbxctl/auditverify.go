package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func (a *cli) auditVerify() *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that no entry and no record was changed, added or removed behind the trail's back",
		Long: "Prove that no entry and no record was changed, added or removed behind the trail's back.\n" +
			"Note down what it ends with: --since then proves, later, that nothing before was replaced as a whole.",
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&since, "since", "", "`SEQUENCE:HASH` that an earlier verification ended with")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		mark, err := parseCheckpoint(since)
		if err != nil {
			return err
		}
		found, err := s.VerifyAudit(cmd.Context())
		if err != nil {
			return err
		}
		if err := mark.compare(cmd.Context(), s.AuditLog, found); err != nil {
			return err
		}
		return a.printVerification(found)
	})
	return cmd
}

// printVerification fails when there are problems, so that scripts notice. As
// text they are the error; as JSON they stand in the document.
func (a *cli) printVerification(found *audit.Verification) error {
	if found.FindingCount > 0 {
		if a.json {
			if err := a.print(found, nil); err != nil {
				return err
			}
			return fmt.Errorf("the audit trail was tampered with: see the %d problems", found.FindingCount)
		}
		return fmt.Errorf("the audit trail was tampered with:%s", findingsText(found))
	}
	return a.print(found, func() string {
		text := fmt.Sprintf("Nothing was tampered with: %d entries, and %d records agree with them.\n", found.Entries, found.Records)
		if found.Entries > 0 {
			text += fmt.Sprintf("Note down for the next time: --since %d:%s\n", found.Entries, found.Hash)
		}
		return text
	})
}

func findingsText(found *audit.Verification) string {
	var b strings.Builder
	for _, p := range found.Findings {
		b.WriteString("\n  ")
		if p.Sequence != 0 {
			fmt.Fprintf(&b, "entry %d: ", p.Sequence)
		}
		if p.Kind != "" {
			fmt.Fprintf(&b, "%s %s: ", cell(p.Kind), cell(p.Key))
		}
		b.WriteString(cell(p.Message))
	}
	if more := found.FindingCount - int64(len(found.Findings)); more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

// checkpoint is an entry that was noted down; the zero one is none.
type checkpoint struct {
	sequence int64
	hash     string
}

func parseCheckpoint(text string) (checkpoint, error) {
	if text == "" {
		return checkpoint{}, nil
	}
	sequence, hash, _ := strings.Cut(text, ":")
	number, err := strconv.ParseInt(sequence, 10, 64)
	if err != nil || number < 1 || hash == "" {
		return checkpoint{}, store.NewInvalidError(store.FieldError{
			Field: "since", Code: "syntax", Message: "write SEQUENCE:HASH, as an earlier verification ended with",
		})
	}
	return checkpoint{number, strings.ToLower(hash)}, nil
}

// compare adds a problem when the entry is gone, or another one.
func (m checkpoint) compare(ctx context.Context, trail *audit.Log, found *audit.Verification) error {
	if m.sequence == 0 {
		return nil
	}
	list, err := trail.List(ctx, audit.Query{PageRequest: store.PageRequest{After: strconv.FormatInt(m.sequence+1, 10), Limit: 1}})
	if err != nil {
		return err
	}
	if len(list.Items) == 1 && list.Items[0].Sequence == m.sequence && hex.EncodeToString(list.Items[0].Hash) == m.hash {
		return nil
	}
	found.FindingCount++
	found.Findings = append(found.Findings, audit.Finding{
		Sequence: m.sequence, Code: "since", Message: "it is not the entry that was noted down: it, and all before it, may have been replaced",
	})
	return nil
}
