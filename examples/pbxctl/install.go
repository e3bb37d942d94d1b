package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/asteriskconf"
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
		// The installation itself reads no records, so that a dry run needs
		// no database.
		folder, err := a.openFolder(nil, nil)
		if err != nil {
			return err
		}
		if dryRun {
			return a.planInstall(cmd.Context(), folder, mend)
		}
		return a.install(cmd.Context(), folder, mend)
	})
	return cmd
}

func (a *app) planInstall(ctx context.Context, folder *asteriskconf.Folder, mend []string) error {
	plan, err := folder.PlanInstall(ctx)
	if err != nil {
		return err
	}
	result, err := a.installResult(plan)
	if err != nil {
		return err
	}
	return a.print(result, func() string {
		return "Nothing was changed. This would be done:\n" + installationText(plan, mend) + result.accountText()
	})
}

func (a *app) install(ctx context.Context, folder *asteriskconf.Folder, mend []string) error {
	plan, err := folder.Install(ctx, mend...)
	if errors.Is(err, store.ErrInvalid) {
		return &hintedError{err, "Run 'pbxctl config install --dry-run' for what there is to mend."}
	}
	if err != nil {
		return err
	}
	a.tell(installationText(plan, mend))
	if err := a.refuseClosed(plan, mend); err != nil {
		return err
	}
	result, err := a.installResult(plan)
	if err != nil {
		return err
	}
	if result.Apply, err = a.firstApply(ctx); err != nil {
		return err
	}
	return a.print(result, func() string { return result.accountText() + reportText(result.Apply) })
}

func (a *app) installResult(plan *asteriskconf.Installation) (installResult, error) {
	secretFile, err := a.settings.amiSecretPath()
	return installResult{Installation: plan, AMIUser: a.settings.amiUser, SecretFile: secretFile}, err
}

// refuseClosed stops an installation that would leave AMI off: to reload would
// close it, and us out.
func (a *app) refuseClosed(plan *asteriskconf.Installation, mended []string) error {
	if a.settings.ami == noAsterisk {
		return nil
	}
	for _, o := range plan.Obstacles {
		if o.Blocks && !slices.Contains(mended, o.Code) {
			return &hintedError{fmt.Errorf("%s: %s", place(o), o.Message), toMend(o)}
		}
	}
	return nil
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
