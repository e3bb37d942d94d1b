package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// installResult is what 'config install' prints as JSON.
type installResult struct {
	Installation *asteriskconf.Installation `json:"installation"`
	// AMIUser is the account that applies, and SecretFile the file with its
	// secret.
	AMIUser    string `json:"ami_user"`
	SecretFile string `json:"ami_secret_file"`
	// Apply is the first apply; null on a dry run.
	Apply *asteriskconf.Report `json:"apply"`
}

func (a *cli) configInstall() *cobra.Command {
	var dryRun bool
	var fix []string
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Set up pbxusers on the Asterisk host: include line, AMI account, first apply",
		Long: "Set up pbxusers on the Asterisk host: include the pbxusers file in manager.conf, unless an include covers it already;\n" +
			"create the AMI account that applies the configuration, with its secret in a file of mode 0600;\n" +
			"reload Asterisk through the asterisk command; and apply over AMI.\n" +
			"The command also lists issues with AMI, and fixes them only with --fix. Run the command again to repair an installation.",
		Example: "  pbxctl config install --dry-run\n  pbxctl config install --fix enabled",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the changes without making them")
	cmd.Flags().StringSliceVar(&fix, "fix", nil, "fix the issue with this `CODE`, as listed; may be repeated")
	completeWords(cmd, "fix", manager.IssueDisabled, manager.IssuePublic)
	cmd.RunE = a.runE(func(cmd *cobra.Command, _ []string) error {
		if dryRun {
			return a.planInstall(cmd.Context(), fix)
		}
		return a.install(cmd.Context(), fix)
	})
	return cmd
}

func (a *cli) planInstall(ctx context.Context, fix []string) error {
	plan, err := a.settings.Host().PlanInstall(ctx, fix...)
	if err != nil {
		return withFixHint(err)
	}
	result, err := a.installResult(plan)
	if err != nil {
		return err
	}
	return a.print(result, "Dry run: nothing was changed. These changes would be made:\n"+installationText(plan, fix)+result.accountText())
}

// install creates the database only if no issue blocks the apply.
func (a *cli) install(ctx context.Context, fix []string) error {
	plan, err := a.settings.Host().InstallFiles(ctx, fix...)
	if err != nil {
		return errors.Join(withFixHint(err), a.recordInstall(ctx, plan, err, fix))
	}
	a.printProgress(installationText(plan, fix))
	if o := a.settings.Host().BlockingIssue(plan, fix); o != nil {
		blocked := app.WithHint(errors.New(o.String()), fixHint(*o))
		return errors.Join(blocked, a.recordInstall(ctx, plan, nil, fix))
	}
	result, err := a.installResult(plan)
	if err != nil {
		return err
	}
	s, err := a.openOrCreate(ctx)
	if err != nil {
		return err
	}
	if err := s.Host().RecordInstall(ctx, plan, nil, fix...); err != nil {
		return err
	}
	if result.Apply, err = s.Host().InitialApply(ctx); err != nil {
		return err
	}
	return a.print(result, result.accountText()+result.Apply.String())
}

// recordInstall records an installation that stops early. Without a database
// there is no audit log.
func (a *cli) recordInstall(ctx context.Context, plan *asteriskconf.Installation, failed error, fixed []string) error {
	s, err := a.open(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Host().RecordInstall(ctx, plan, failed, fixed...)
}

func (a *cli) installResult(plan *asteriskconf.Installation) (installResult, error) {
	secretFile, err := a.settings.SecretPath()
	return installResult{Installation: plan, AMIUser: a.settings.AMIUser, SecretFile: secretFile}, err
}

// withFixHint says where the codes of --fix are listed.
func withFixHint(err error) error {
	if errors.Is(err, store.ErrInvalid) {
		return app.WithHint(err, "Run 'pbxctl config install --dry-run' for the issues that can be fixed.")
	}
	return err
}

// fixHint says how to fix an issue. It is empty for a note.
func fixHint(o asteriskconf.Issue) string {
	switch {
	case o.Fix != nil:
		return fmt.Sprintf("To fix it, run 'pbxctl config install --fix %s'.", o.Code)
	case o.Blocking:
		return "Fix it manually, and run 'pbxctl config install' again."
	}
	return ""
}

func (r installResult) accountText() string {
	return fmt.Sprintf("AMI account: %s, secret in %s\n", r.AMIUser, r.SecretFile)
}

func installationText(plan *asteriskconf.Installation, fixed []string) string {
	var b strings.Builder
	for _, f := range plan.Files {
		if f.IncludeLine == "" {
			fmt.Fprintf(&b, "%s: included by %s\n", f.Path, f.IncludedBy)
		} else {
			fmt.Fprintf(&b, "%s: line added at the end: %s\n", f.Parent, f.IncludeLine)
		}
	}
	for _, o := range plan.Issues {
		outcome := fixHint(o)
		if slices.Contains(fixed, o.Code) {
			outcome = "Fixed."
		}
		fmt.Fprintln(&b, o)
		if outcome != "" {
			fmt.Fprintf(&b, "  %s\n", outcome)
		}
	}
	return b.String()
}
