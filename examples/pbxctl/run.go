package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Exit codes, for scripts.
const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitRejected = 3
)

// execute runs one command line and returns its exit code.
func (a *cli) execute(ctx context.Context, args []string) int {
	root := a.rootCommand() //nolint:contextcheck // cobra hands ctx to the command
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitOK
	case !a.started:
		_, _ = fmt.Fprintf(a.stderr, "pbxctl: %s\nRun '%s --help' for usage.\n", escapeControl(err.Error()), cmd.CommandPath())
		return exitUsage
	}
	_, _ = fmt.Fprintln(a.stderr, escapeControl(errorText(err)))
	if _, rejected := store.RejectionCode(err); rejected {
		return exitRejected
	}
	return exitFailed
}

func (a *cli) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "pbxctl",
		Short: "Manage the users of an Asterisk PBX",
		Long: "Manage the users of an Asterisk PBX: administrators, AMI accounts, users with their groups and API tokens, and the Asterisk configuration.\n\n" +
			"--json prints JSON. 'pbxctl help flags' lists the settings, which are flags of every command.\n" +
			"Exit codes: 0 done, 1 failed, 2 usage error, 3 rejected.",
		Example: "  pbxctl config install\n" +
			"  pbxctl admin add jane.admin --sections users,apply\n" +
			"  pbxctl ami-account add crmpro_ami --preset click-to-call --permit 10.0.0.0/8\n" +
			"  pbxctl user add jane.roe --default-extension 4001 --email jane@example.com\n" +
			"  pbxctl user welcome jane.roe\n" +
			"  pbxctl config plan\n" +
			"  pbxctl config apply",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	a.register(root.PersistentFlags())
	root.SetUsageTemplate(usageTemplate)
	root.AddCommand(
		flagsTopic(),
		a.adminCommand(), a.auditCommand(), a.amiAccountCommand(), a.configCommand(),
		a.userCommand(), a.groupCommand(), a.tokenCommand(), a.keyCommand(), a.settingsCommand(),
	)
	return root
}

// runE runs a command after its flags are set. All errors before that are usage
// errors.
func (a *cli) runE(fn func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := a.complete(cmd.Root().PersistentFlags()); err != nil {
			return err
		}
		a.started = true
		cmd.SetContext(audit.WithActor(cmd.Context(), consoleActor()))
		defer a.close()
		return fn(cmd, args)
	}
}

// withApp runs a command that needs an existing database.
func (a *cli) withApp(fn func(cmd *cobra.Command, s *app.App, args []string) error) func(*cobra.Command, []string) error {
	return a.runE(func(cmd *cobra.Command, args []string) error {
		s, err := a.open(cmd.Context())
		if err != nil {
			return err
		}
		return fn(cmd, s, args)
	})
}

// newNoun returns a command that only has subcommands.
func newNoun(use, short string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: requireSubcommand}
}

// requireSubcommand rejects a noun without a verb.
func requireSubcommand(cmd *cobra.Command, _ []string) error {
	verbs := convert(cmd.Commands(), (*cobra.Command).Name)
	return fmt.Errorf("missing subcommand for %s; available: %s", cmd.Name(), strings.Join(verbs, ", "))
}

// errorText describes err, with each rejected field on a line of its own, and a
// hint where there is one.
func errorText(err error) string {
	var b strings.Builder
	var invalid *store.InvalidError
	if errors.As(err, &invalid) && !errors.As(err, new(*asteriskconf.ApplyError)) {
		b.WriteString("pbxctl: rejected, nothing was changed:")
		for _, f := range invalid.Fields {
			b.WriteString("\n  " + f.String())
		}
	} else {
		b.WriteString("pbxctl: " + err.Error())
	}
	if hint := app.Hint(err); hint != "" {
		b.WriteString("\n" + hint)
	}
	return b.String()
}

// usageTemplate is cobra's, with the settings left to their help topic.
const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

Available Commands:{{range .Commands}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{if .HasParent}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{end}}{{if .HasAvailableSubCommands}}

Use "{{.CommandPath}} [command] --help" for more information about a command.{{end}}

Global flags: --json prints JSON; 'pbxctl help flags' lists the settings.
`

// flagsTopic is the help on the settings, which are flags of every command.
func flagsTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("Settings are flags of every command.\n" +
		"Each can also be set in the environment, such as PBXUSERS_CONF_DIR for --conf-dir,\n" +
		"and in the settings file, as conf-dir = FOLDER. The command line takes precedence over the environment, which takes precedence over the file,\n" +
		"which takes precedence over 'pbxctl settings set'.\n")
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	(&cli{}).registerOwn(own)
	section := func(title string, flags *pflag.FlagSet) { b.WriteString("\n" + title + ":\n" + flags.FlagUsages()) }
	for _, group := range (&app.Settings{}).FlagGroups() {
		section(group.Title, group.Flags)
	}
	section("Output and settings file", own)
	return &cobra.Command{Use: "flags", Short: "The settings, which are flags of every command", Long: strings.TrimSpace(b.String())}
}
