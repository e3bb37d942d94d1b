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

func (a *cli) userSync() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "sync [DIRECTORY]",
		Short: "Bring the people of a directory up to date: whoever appears is made, whoever is missing is disabled, and later deleted",
		Long: "Bring the people of a directory up to date: whoever appears is made, whoever is missing is disabled, and deleted after the days\n" +
			"of --ldap-grace. When more than the share of --ldap-max-gone would go, nothing is changed. The directory is the one of --ldap-url.",
		Example: "  pbxctl user sync --dry-run\n  pbxctl user sync",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be done, and change nothing")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		name, err := selectDirectory(s, args)
		if err != nil {
			return err
		}
		opts := s.Settings.SyncOptions()
		opts.DryRun = dryRun
		return a.sync(cmd.Context(), s, name, opts)
	})
	return cmd
}

// selectDirectory is the directory that was named, or the only one.
func selectDirectory(s *app.App, args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	directories := s.Users.Directories()
	if len(directories) == 0 {
		return "", &store.NotFoundError{Kind: "directory"}
	}
	return directories[0].Name(), nil
}

// sync fails when somebody could not be seen to, so that scripts notice.
func (a *cli) sync(ctx context.Context, s *app.App, name string, opts *userman.SyncOptions) error {
	report, err := s.Users.Sync(ctx, name, opts)
	if report != nil {
		if shown := a.print(report, func() string { return syncText(report, err == nil) }); shown != nil {
			return errors.Join(err, shown)
		}
	}
	if err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return fmt.Errorf("%d could not be seen to; mend what is said of them in the directory or here, and sync again", len(report.Problems))
	}
	return nil
}

// syncText says what was done; whole is false when it did not come to its end.
func syncText(r *userman.SyncReport, complete bool) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, step := range r.Steps {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", step.Action, cell(step.Username), strings.Join(step.Fields, ","))
	}
	for _, name := range r.Groups {
		_, _ = fmt.Fprintf(w, "create group\t%s\t\n", cell(name))
	}
	for _, problem := range r.Problems {
		_, _ = fmt.Fprintf(w, "problem\t%s\t%s\n", cell(problemKey(problem)), cell(problem.Message))
	}
	_ = w.Flush()
	switch {
	case !complete:
		b.WriteString("This was planned, or done, until it was stopped.\n")
	case r.DryRun:
		fmt.Fprintf(&b, "Planned only: %d people seen, %d need nothing.\n", r.Entries, r.Unchanged)
	default:
		fmt.Fprintf(&b, "Done: %d people seen, %d needed nothing.\n", r.Entries, r.Unchanged)
	}
	return b.String()
}

// problemKey names whose problem it is as well as it is known.
func problemKey(p userman.SyncProblem) string {
	if p.Username != "" {
		return p.Username
	}
	return p.ExternalID
}
