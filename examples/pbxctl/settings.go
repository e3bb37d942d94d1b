package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) settingsCommand() *cobra.Command {
	parent := newNoun("settings", "Show, change and test the settings in the database")
	parent.Long = "Show, change and test the settings in the database. A running server applies a change within seconds.\n" +
		"A flag, an environment variable and pbxusers.ini take precedence; see 'pbxctl help flags'."
	parent.AddCommand(a.settingsList(), a.settingsGet(), a.settingsSet(), a.settingsUnset(), a.settingsTest())
	return parent
}

func (a *cli) settingsList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all settings with their values and sources", Args: cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			all, _, err := s.AllSettings(cmd.Context())
			if err != nil {
				return err
			}
			items, rows := make([]app.SettingView, len(all)), [][]any{{"NAME", "VALUE", "SOURCE"}}
			for i, setting := range all {
				items[i] = setting.View()
				rows = append(rows, []any{setting.Flag(), settingText(setting), setting.Source.String()})
			}
			return a.print(map[string]any{"items": items}, tableText(rows))
		}),
	}
}

// settingText is the value of a setting as text.
func settingText(s app.Setting) string {
	switch {
	case s.Secret && s.HasSecret:
		return "(secret)"
	case s.Secret:
		return ""
	}
	return s.Value.String()
}

func (a *cli) settingsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get NAME", Short: "Print the value of a setting; of a secret, only whether there is one", Args: cobra.ExactArgs(1),
		Example: "  pbxctl settings get smtp-from",
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			setting, _, err := s.FindSetting(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.print(setting.View(), settingText(*setting)+"\n")
		}),
	}
}

func (a *cli) settingsSet() *cobra.Command {
	var given secretFlags
	cmd := &cobra.Command{
		Use:   "set NAME [VALUE] | NAME=VALUE...",
		Short: "Save one setting, or several together",
		Long: "Save one setting, or several together. A secret comes from --secret-file. A changed server of mail or directory needs its secret again,\n" +
			"in the same command: the other server would receive the saved one.",
		Example: "  pbxctl settings set product 'ACME Telephony'\n" +
			"  pbxctl settings set smtp=mail.example.com:587 smtp-from=pbx@example.com smtp-user=pbx --secret-file password.txt\n" +
			"  pbxctl settings set smtp-password --secret-file -",
		Args: cobra.MinimumNArgs(1),
	}
	given.register(cmd, "secret", "no secret is saved")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		secret, errs, err := given.read(cmd.Context(), a.stdin)
		if err == nil {
			err = store.NewInvalidError(errs...)
		}
		if err != nil {
			return err
		}
		return a.saveSettings(cmd.Context(), s, func(ctx context.Context) (settings.Changes, int64, error) {
			return readChanges(ctx, s, args, secret)
		})
	})
	return cmd
}

// saveSettings saves changes to the settings that it reads.
func (a *cli) saveSettings(ctx context.Context, s *app.App, read func(context.Context) (settings.Changes, int64, error)) error {
	changes, revision, err := read(ctx)
	if err != nil {
		return err
	}
	if err := s.SaveSettings(ctx, revision, changes); err != nil {
		return withFlagNames(err)
	}
	all, _, err := s.AllSettings(ctx)
	if err != nil {
		return err
	}
	items := []app.SettingView{}
	for _, setting := range all {
		if _, set := changes.Set[setting.Name]; set || slices.Contains(changes.Reset, setting.Name) {
			items = append(items, setting.View())
		}
	}
	text := "Saved.\n"
	if pending := s.Current().PendingURL; pending != "" {
		text += "The public URL is not in effect yet. Log in and confirm it at " + pending + app.ConfirmURLPath + "\n"
	}
	return a.print(map[string]any{"items": items}, text)
}

// readChanges returns the changes of a command line, and the revision that they are based
// on. The secret belongs to the secret that is named, or to the one of the server that is
// changed.
func readChanges(ctx context.Context, s *app.App, args []string, secret store.Secret) (settings.Changes, int64, error) {
	changes := settings.Changes{Set: map[string]field.Value{}}
	pairs, err := splitPairs(args)
	if err != nil {
		return changes, 0, err
	}
	all, revision, err := s.AllSettings(ctx)
	if err != nil {
		return changes, 0, err
	}
	var names []string
	for _, pair := range pairs {
		setting, _, err := s.FindSetting(ctx, pair.name)
		if err != nil {
			return changes, 0, err
		}
		names = append(names, setting.Name)
		switch {
		case setting.Secret && pair.hasValue:
			return changes, 0, secretOnLineError(setting)
		case !setting.Secret && !pair.hasValue:
			return changes, 0, store.NewInvalidError(store.FieldError{Field: setting.Flag(), Code: store.CodeRequired, Message: "write the value after the name"})
		case !setting.Secret:
			value, err := field.Parse(setting.Kind, pair.value)
			if err != nil {
				return changes, 0, store.NewInvalidError(store.FieldError{Field: setting.Flag(), Code: store.CodeType, Message: err.Error()})
			}
			changes.Set[setting.Name] = value
		}
	}
	return changes, revision, addSecret(changes, all, names, secret)
}

// addSecret adds a secret to changes of these settings.
func addSecret(changes settings.Changes, all []app.Setting, names []string, secret store.Secret) error {
	for _, setting := range all {
		isNamed := slices.Contains(names, setting.Name)
		isSent := slices.ContainsFunc(setting.SentTo, func(name string) bool { return slices.Contains(names, name) })
		switch {
		case !setting.Secret || !isNamed && !isSent:
		case !secret.IsZero():
			changes.Set[setting.Name] = field.TextValue(secret.Reveal())
			return nil
		case isNamed:
			return store.NewInvalidError(store.FieldError{Field: setting.Flag(), Code: store.CodeRequired, Message: "give the secret with --secret-file"})
		}
	}
	if !secret.IsZero() {
		return store.NewInvalidError(store.FieldError{Field: "secret", Code: store.CodeUnexpected, Message: "none of these settings has a secret"})
	}
	return nil
}

func secretOnLineError(setting *app.Setting) error {
	return store.NewInvalidError(store.FieldError{Field: setting.Flag(), Code: store.CodeUnexpected, Message: "other users of this host can see a command line; give the secret with --secret-file"})
}

// pair is a name and a value of the command line.
type pair struct {
	name, value string
	hasValue    bool
}

// splitPairs reads NAME, NAME VALUE or NAME=VALUE...
func splitPairs(args []string) ([]pair, error) {
	if name, _, isPair := strings.Cut(args[0], "="); !isPair && len(args) <= 2 {
		p := pair{name: name, hasValue: len(args) == 2}
		if p.hasValue {
			p.value = args[1]
		}
		return []pair{p}, nil
	}
	pairs := make([]pair, len(args))
	for i, arg := range args {
		name, value, isPair := strings.Cut(arg, "=")
		if !isPair {
			return nil, store.NewInvalidError(store.FieldError{Field: name, Code: store.CodeSyntax, Message: "write NAME=VALUE for several settings"})
		}
		pairs[i] = pair{name, value, true}
	}
	return pairs, nil
}

func (a *cli) settingsUnset() *cobra.Command {
	return &cobra.Command{
		Use: "unset NAME...", Short: "Remove saved settings, which then have their defaults", Args: cobra.MinimumNArgs(1),
		Example: "  pbxctl settings unset smtp smtp-from smtp-user smtp-password",
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			return a.saveSettings(cmd.Context(), s, func(ctx context.Context) (changes settings.Changes, revision int64, err error) {
				for _, name := range args {
					var setting *app.Setting
					if setting, revision, err = s.FindSetting(ctx, name); err != nil {
						return changes, 0, err
					}
					changes.Reset = append(changes.Reset, setting.Name)
				}
				return changes, revision, nil
			})
		}),
	}
}

func (a *cli) settingsTest() *cobra.Command {
	parent := newNoun("test", "Test the settings in effect")
	var to string
	mail := &cobra.Command{
		Use: "mail --to ADDRESS", Short: "Send a test mail", Args: cobra.NoArgs, Example: "  pbxctl settings test mail --to jane@example.com",
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			delivery, err := s.TestMail(cmd.Context(), settings.Changes{}, to)
			if err != nil {
				return err
			}
			return a.printTest(delivery, fmt.Sprintf("%s: %s\n", delivery.Status, cell(delivery.Message)), delivery.Status == userman.DeliverySent)
		}),
	}
	mail.Flags().StringVar(&to, "to", "", "`ADDRESS` that receives the mail (required)")
	_ = mail.MarkFlagRequired("to") // the flag exists
	directory := &cobra.Command{
		Use: "directory", Short: "Connect to the directory and show up to ten users", Args: cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			result, err := s.TestDirectory(cmd.Context(), settings.Changes{})
			if err != nil {
				return err
			}
			return a.printTest(result, directoryTestText(result), result.Problem == "")
		}),
	}
	asterisk := &cobra.Command{
		Use: "asterisk", Short: "Log in to Asterisk", Args: cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			c, err := s.TestAsterisk(cmd.Context(), settings.Changes{})
			if err != nil {
				return err
			}
			text := cmp.Or(c.Problem, "Connected to "+c.Address+" as "+c.User+", Asterisk "+c.Version+".")
			if c.Address == "" && c.Problem == "" {
				text = "No Asterisk is configured (--ami none)."
			}
			return a.printTest(c, text+"\n", c.Problem == "")
		}),
	}
	parent.AddCommand(mail, directory, asterisk)
	return parent
}

// printTest prints the result of a test, which fails the command.
func (a *cli) printTest(result any, text string, ok bool) error {
	if err := a.print(result, text); err != nil || ok {
		return err
	}
	return errors.New("the test failed")
}

func directoryTestText(result *app.DirectoryTest) string {
	if result.Problem != "" {
		return result.Problem + "\n"
	}
	rows := [][]any{{"USERNAME", "NAME", "EMAIL", "EXTENSION", "GROUPS", "PROBLEM"}}
	for _, e := range result.Entries {
		rows = append(rows, []any{e.Username, e.Name, e.Email, e.Extension, strings.Join(e.Groups, ", "), e.Problem})
	}
	return tableText(rows)
}

// withFlagNames writes the names of settings in an error as pbxctl reads them.
func withFlagNames(err error) error {
	fields, other := store.FieldErrors(err)
	if other != nil {
		return other
	}
	renamed := slices.Clone(fields)
	for i, f := range renamed {
		renamed[i].Field = strings.ReplaceAll(f.Field, "_", "-")
	}
	return store.NewInvalidError(renamed...)
}
