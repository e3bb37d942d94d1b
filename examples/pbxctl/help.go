package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

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

Global flags: --json prints JSON; 'pbxctl help settings' lists the settings.
`

// settingsTopic is the help on the settings, which are flags of every command.
func settingsTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("Settings are flags of every command.\n" +
		"Each can also be set in the environment, such as PBXUSERS_CONF_DIR for --conf-dir,\n" +
		"and in the settings file, as conf-dir = FOLDER. The command line takes precedence over the environment, and that over the file.\n")
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	(&cli{}).registerOwn(own)
	section := func(title string, flags *pflag.FlagSet) { b.WriteString("\n" + title + ":\n" + flags.FlagUsages()) }
	for _, group := range (&app.Settings{}).FlagGroups() {
		section(group.Title, group.Flags)
	}
	section("Output and settings file", own)
	return &cobra.Command{Use: "settings", Short: "The settings, which are flags of every command", Long: strings.TrimSpace(b.String())}
}
