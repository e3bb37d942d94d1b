package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

func (a *cli) configCommand() *cobra.Command {
	parent := newNoun("config", "Apply the records to the Asterisk configuration")
	parent.AddCommand(
		a.configInstall(),
		a.configAction("plan", "Show what an apply would change, with secrets masked", a.plan),
		a.configAction("apply", "Apply the configuration: write, check, reload, verify; roll back on failure", a.apply),
		a.configAction("rollback", "Return to the previous generation; the records stay as they are", a.rollback),
		a.configAction("status", "Show whether there are changes to apply", a.status),
		a.configAction("recover", "Recover from an interrupted apply", a.recoverApply),
	)
	for _, cmd := range parent.Commands() {
		cmd.Flags().BoolVar(&a.settings.TakeOver, "take-over", false, "take over the configuration folder, with all its content, from another database")
	}
	return parent
}

// configAction is a command on the configuration folder.
func (a *cli) configAction(use, short string, run func(cmd *cobra.Command, s *app.App) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error { return run(cmd, s) }),
	}
}

func (a *cli) plan(cmd *cobra.Command, s *app.App) error {
	folder, err := s.ConfigDir(nil, nil)
	if err != nil {
		return err
	}
	plan, err := folder.Plan(cmd.Context())
	if err != nil {
		return err
	}
	return a.print(plan, plan.String)
}

func (a *cli) apply(cmd *cobra.Command, s *app.App) error {
	folder, err := a.openConfigDir(cmd, s)
	if err != nil {
		return err
	}
	report, err := folder.Apply(cmd.Context())
	if err != nil {
		return err
	}
	return a.print(report, func() string { return reportText(report) })
}

func (a *cli) rollback(cmd *cobra.Command, s *app.App) error {
	folder, err := a.openConfigDir(cmd, s)
	if err != nil {
		return err
	}
	report, err := folder.Rollback(cmd.Context())
	if err != nil {
		return err
	}
	return a.print(report, func() string {
		return reportText(report) + "The records did not change; 'pbxctl config apply' applies them again.\n"
	})
}

func (a *cli) status(cmd *cobra.Command, s *app.App) error {
	folder, err := s.ConfigDir(nil, nil)
	if err != nil {
		return err
	}
	status, err := folder.Status(cmd.Context())
	if err != nil {
		return err
	}
	return a.print(status, func() string { return statusText(status) })
}

func (a *cli) recoverApply(cmd *cobra.Command, s *app.App) error {
	folder, err := a.openConfigDir(cmd, s)
	if err != nil {
		return err
	}
	recovery, err := folder.Recover(cmd.Context())
	if err != nil {
		return err
	}
	return a.print(recovery, func() string { return recoveryText(recovery) })
}

// openConfigDir opens the configuration folder and logs in to Asterisk. The
// name of the command is the action in the audit log.
func (a *cli) openConfigDir(cmd *cobra.Command, s *app.App) (*asteriskconf.ConfigDir, error) {
	client, err := a.dial(cmd.Context(), s, "")
	if err != nil {
		// ConfigDir records its actions itself; this one did not start.
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
			fmt.Fprintf(&b, "%s: unchanged\n", f.Path)
		} else {
			fmt.Fprintf(&b, "%s: %d added, %d modified, %d removed\n", f.Path, f.Added, f.Modified, f.Removed)
		}
		if f.BackupPath != "" {
			fmt.Fprintf(&b, "  edited manually; backup of the edited file: %s\n", f.BackupPath)
		}
		for _, note := range f.Notes {
			fmt.Fprintf(&b, "  %s\n", note)
		}
	}
	if r.Verified {
		fmt.Fprintf(&b, "Generation %d is live.\n", r.Generation)
	} else {
		b.WriteString("Files written, but not verified: there is no Asterisk to connect to. The changes stay pending.\n")
	}
	return b.String()
}

func statusText(s *asteriskconf.Status) string {
	var b strings.Builder
	switch {
	case s.Interrupted:
		b.WriteString("An apply was interrupted. Run 'pbxctl config recover'.\n")
	case s.Pending:
		b.WriteString("Changes are pending: 'pbxctl config plan' shows them, 'pbxctl config apply' applies them.\n")
	default:
		b.WriteString("No changes are pending.\n")
	}
	if s.LiveAt != nil {
		fmt.Fprintf(&b, "Generation %d was last verified live at %s.\n", s.Generation, localTime(*s.LiveAt))
	}
	return b.String()
}

func recoveryText(r *asteriskconf.Recovery) string {
	switch {
	case !r.Interrupted:
		return "No apply was interrupted.\n"
	case r.RolledForward:
		return "The new generation was completed.\n"
	case r.Reason != "":
		return "Rolled back to the previous generation: " + r.Reason + "\n"
	}
	return "Rolled back to the previous generation.\n"
}
