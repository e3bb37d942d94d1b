package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

func (a *cli) configCommand() *cobra.Command {
	parent := &cobra.Command{Use: "config", Short: "The Asterisk configuration that makes the records live", Args: cobra.NoArgs, RunE: requireSubcommand}
	parent.PersistentFlags().BoolVar(&a.settings.TakeOver, "adopt", false,
		"take the configuration folder over from another database, with all that is in it")
	parent.AddCommand(a.configInstall(), a.configPlan(), a.configApply(), a.configRollback(), a.configStatus(), a.configRecover())
	return parent
}

func (a *cli) configPlan() *cobra.Command {
	return &cobra.Command{
		Use:   "plan",
		Short: "Show what an apply would change, secrets masked",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			folder, err := s.ConfigDir(nil, nil)
			if err != nil {
				return err
			}
			plan, err := folder.Plan(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(plan, plan.String)
		}),
	}
}

func (a *cli) configApply() *cobra.Command {
	return &cobra.Command{
		Use:   "apply",
		Short: "Make the records live: write, check, reload, verify; roll back when Asterisk does not take it",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			folder, err := a.openConfigDir(cmd, s)
			if err != nil {
				return err
			}
			report, err := folder.Apply(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(report, func() string { return reportText(report) })
		}),
	}
}

func (a *cli) configRollback() *cobra.Command {
	return &cobra.Command{
		Use:   "rollback",
		Short: "Go back to the generation before the live one; the records keep what they hold",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			folder, err := a.openConfigDir(cmd, s)
			if err != nil {
				return err
			}
			report, err := folder.Rollback(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(report, func() string {
				return reportText(report) + "The records hold what they held: 'pbxctl config apply' brings that back.\n"
			})
		}),
	}
}

func (a *cli) configStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say whether there is something to apply",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			folder, err := s.ConfigDir(nil, nil)
			if err != nil {
				return err
			}
			status, err := folder.Status(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(status, func() string { return statusText(status) })
		}),
	}
}

func (a *cli) configRecover() *cobra.Command {
	return &cobra.Command{
		Use:   "recover",
		Short: "End an apply that was cut short, on the old or on the new generation, whole",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			folder, err := a.openConfigDir(cmd, s)
			if err != nil {
				return err
			}
			recovery, err := folder.Recover(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(recovery, func() string { return recoveryText(recovery) })
		}),
	}
}

// openConfigDir opens the configuration folder and logs in to Asterisk, for an
// act of the name that the command has.
func (a *cli) openConfigDir(cmd *cobra.Command, s *app.App) (*asteriskconf.ConfigDir, error) {
	client, err := a.dial(cmd.Context(), s, "")
	if err != nil {
		// The folder keeps in the trail what comes of an act; this one did
		// not come that far.
		failed := &asteriskconf.ApplyError{Step: asteriskconf.StepConnect, Err: err}
		s.AuditLog.RecordFailure(cmd.Context(), s.ConfigAuditEvent(cmd.Name()), failed)
		return nil, wrapUnchanged(err)
	}
	return s.ConfigDir(client, nil)
}

func reportText(r *asteriskconf.Report) string {
	if !r.Changed {
		return "Nothing to apply: Asterisk serves the current records.\n"
	}
	var b strings.Builder
	for _, f := range r.Files {
		if f.Added+f.Modified+f.Removed == 0 {
			fmt.Fprintf(&b, "%s: as it stands\n", f.Path)
		} else {
			fmt.Fprintf(&b, "%s: %d added, %d altered, %d removed\n", f.Path, f.Added, f.Modified, f.Removed)
		}
		if f.BackupPath != "" {
			fmt.Fprintf(&b, "  edited by hand; that copy was set aside: %s\n", f.BackupPath)
		}
		for _, note := range f.Notes {
			fmt.Fprintf(&b, "  %s\n", note)
		}
	}
	if r.Verified {
		fmt.Fprintf(&b, "Live: Asterisk was seen to serve generation %d.\n", r.Generation)
	} else {
		b.WriteString("Written, and not verified: there was no Asterisk to talk to. It stays pending.\n")
	}
	return b.String()
}

func statusText(s *asteriskconf.Status) string {
	var b strings.Builder
	switch {
	case s.Interrupted:
		b.WriteString("An apply was cut short: 'pbxctl config recover' ends it.\n")
	case s.Pending:
		b.WriteString("Pending: 'pbxctl config plan' shows what, 'pbxctl config apply' makes it live.\n")
	default:
		b.WriteString("Nothing is pending.\n")
	}
	if s.LiveAt != nil {
		fmt.Fprintf(&b, "Generation %d was seen live at %s.\n", s.Generation, s.LiveAt.Local().Format("2006-01-02 15:04:05")) //nolint:gosmopolitan // for a person at this host
	}
	return b.String()
}

func recoveryText(r *asteriskconf.Recovery) string {
	switch {
	case !r.Interrupted:
		return "No apply was cut short.\n"
	case r.RolledForward:
		return "The new generation was completed.\n"
	case r.Reason != "":
		return "The old generation was put back: " + r.Reason + "\n"
	}
	return "The old generation was put back.\n"
}
