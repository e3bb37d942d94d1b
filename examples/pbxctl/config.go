package main

import (
	"context"
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
		configAction(a, "plan", "Show what an apply would change, with secrets masked", false, (*asteriskconf.ConfigDir).Plan, (*asteriskconf.Plan).String),
		configAction(a, "apply", "Apply the configuration: write, check, reload, verify; roll back on failure", true, (*asteriskconf.ConfigDir).Apply, (*asteriskconf.Report).String),
		configAction(a, "rollback", "Return to the previous generation; the records stay as they are", true, (*asteriskconf.ConfigDir).Rollback,
			func(r *asteriskconf.Report) string {
				return r.String() + "The records did not change; 'pbxctl config apply' applies them again.\n"
			}),
		configAction(a, "status", "Show whether there are changes to apply", false, (*asteriskconf.ConfigDir).Status, statusText),
		configAction(a, "recover", "Recover from an interrupted apply", true, (*asteriskconf.ConfigDir).Recover, (*asteriskconf.Recovery).String),
	)
	for _, cmd := range parent.Commands() {
		cmd.Flags().BoolVar(&a.settings.TakeOver, "take-over", false, "take over the configuration folder, with all its content, from another database")
	}
	return parent
}

// configAction is a command on the configuration folder; live says that it needs
// Asterisk.
func configAction[R any](a *cli, use, short string, live bool, act func(*asteriskconf.ConfigDir, context.Context) (R, error), text func(R) string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			folder, err := a.openConfigDir(cmd, s, live)
			if err != nil {
				return err
			}
			result, err := act(folder, cmd.Context())
			return printResult(a, result, err, text)
		}),
	}
}

// openConfigDir opens the configuration folder and, if it is to be live, logs in
// to Asterisk. The name of the command is the action in the audit log.
func (a *cli) openConfigDir(cmd *cobra.Command, s *app.App, live bool) (*asteriskconf.ConfigDir, error) {
	if !live {
		return s.Host().ConfigDir(nil, nil)
	}
	client, err := s.Host().Dial(cmd.Context(), "")
	if err != nil {
		// ConfigDir records its actions itself; this one did not start.
		failed := &asteriskconf.ApplyError{Step: asteriskconf.StepConnect, Err: err}
		s.AuditLog.RecordFailure(cmd.Context(), s.Host().AuditEvent(cmd.Name()), failed)
		return nil, fmt.Errorf("%w; nothing was changed, and the changes are still pending", err)
	}
	if client != nil {
		a.closers = append(a.closers, client.Close)
	}
	return s.Host().ConfigDir(client, nil)
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
