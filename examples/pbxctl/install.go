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
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// installResult is what 'config install' prints as JSON.
type installResult struct {
	Installation *asteriskconf.Installation `json:"installation"`
	// AMIUser is the account to apply with, and SecretFile the file of its
	// secret.
	AMIUser    string `json:"ami_user"`
	SecretFile string `json:"ami_secret_file"`
	// Apply is the first apply; null on a dry run.
	Apply *asteriskconf.Report `json:"apply"`
}

func (a *app) configInstall() *cobra.Command {
	var dryRun bool
	var mend []string
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Set all up on the host of Asterisk: the include line, an AMI account to apply with, the first apply",
		Long: "Set all up on the host of Asterisk. It has manager.conf include our file, unless an include covers it already; makes the AMI account\n" +
			"to apply with, its generated secret in a file of mode 0600; reloads through the asterisk command; and then applies over AMI.\n" +
			"What else keeps AMI from working is listed, and changed only with --mend. It can be run again, and then mends what is missing.",
		Example: "  pbxctl config install --dry-run\n  pbxctl config install --mend enabled",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would be done")
	cmd.Flags().StringSliceVar(&mend, "mend", nil, "`CODE` of an obstacle to mend, as it is listed; may be repeated")
	_ = cmd.RegisterFlagCompletionFunc("mend",
		cobra.FixedCompletions([]string{manager.ObstacleDisabled, manager.ObstaclePublic}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = a.do(func(cmd *cobra.Command, _ []string) error {
		if dryRun {
			return a.planInstall(cmd.Context(), mend)
		}
		return a.install(cmd.Context(), mend)
	})
	return cmd
}

func (a *app) planInstall(ctx context.Context, mend []string) error {
	plan, err := a.settings.PlanInstall(ctx, mend...)
	if err != nil {
		return hintToMend(err)
	}
	result, err := a.installResult(plan)
	if err != nil {
		return err
	}
	return a.print(result, func() string {
		return "Nothing was changed. This would be done:\n" + installationText(plan, mend) + result.accountText()
	})
}

// install makes the database only when no obstacle is in the way.
func (a *app) install(ctx context.Context, mend []string) error {
	plan, err := a.settings.InstallFiles(ctx, mend...)
	if err != nil {
		return errors.Join(hintToMend(err), a.recordInstall(ctx, plan, err, mend))
	}
	a.tell(installationText(plan, mend))
	if o := a.settings.Blocked(plan, mend); o != nil {
		blocked := site.Hint(fmt.Errorf("%s: %s", place(*o), o.Message), toMend(*o))
		return errors.Join(blocked, a.recordInstall(ctx, plan, nil, mend))
	}
	result, err := a.installResult(plan)
	if err != nil {
		return err
	}
	s, err := a.openNew(ctx)
	if err != nil {
		return err
	}
	if err := s.RecordInstall(ctx, plan, nil, mend...); err != nil {
		return err
	}
	if result.Apply, err = s.FirstApply(ctx); err != nil {
		return err
	}
	return a.print(result, func() string { return result.accountText() + reportText(result.Apply) })
}

// recordInstall keeps in the audit trail what came of an installation that goes
// no further; where there is no database yet, there is no trail.
func (a *app) recordInstall(ctx context.Context, plan *asteriskconf.Installation, failed error, mended []string) error {
	s, err := a.open(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.RecordInstall(ctx, plan, failed, mended...)
}

func (a *app) installResult(plan *asteriskconf.Installation) (installResult, error) {
	secretFile, err := a.settings.SecretPath()
	return installResult{Installation: plan, AMIUser: a.settings.AMIUser, SecretFile: secretFile}, err
}

// hintToMend says where the codes of --mend are listed.
func hintToMend(err error) error {
	if errors.Is(err, store.ErrInvalid) {
		return site.Hint(err, "Run 'pbxctl config install --dry-run' for what there is to mend.")
	}
	return err
}

func place(o asteriskconf.Obstacle) string {
	if o.Line == 0 {
		return o.File
	}
	return fmt.Sprintf("%s:%d", o.File, o.Line)
}

func toMend(o asteriskconf.Obstacle) string {
	if o.Mend == nil {
		return "Mend it by hand, and run 'pbxctl config install' again."
	}
	return fmt.Sprintf("To mend it run 'pbxctl config install --mend %s'.", o.Code)
}

func (r installResult) accountText() string {
	return fmt.Sprintf("AMI account to apply with: %s, its secret in %s\n", r.AMIUser, r.SecretFile)
}

func installationText(plan *asteriskconf.Installation, mended []string) string {
	var b strings.Builder
	for _, f := range plan.Files {
		if f.Adds == "" {
			fmt.Fprintf(&b, "%s: Asterisk reads it, by %s\n", f.Path, f.IncludedBy)
		} else {
			fmt.Fprintf(&b, "%s: line added at the end: %s\n", f.Parent, f.Adds)
		}
	}
	for _, o := range plan.Obstacles {
		outcome := toMend(o)
		if slices.Contains(mended, o.Code) {
			outcome = "Mended."
		}
		fmt.Fprintf(&b, "%s: %s\n  %s\n", place(o), o.Message, outcome)
	}
	return b.String()
}
