package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// amiAccountFlags are the fields of an AMI account, each a flag of the field's name.
type amiAccountFlags struct {
	secretFlags
	preset       string
	deny         []string
	permit       []string
	read         []string
	write        []string
	eventFilters []string
	user         manager.Account
}

// register adds the flags to cmd; noSecret says what happens without a secret.
func (f *amiAccountFlags) register(cmd *cobra.Command, noSecret string) {
	flags := cmd.Flags()
	f.secretFlags.register(cmd, "secret", noSecret)
	flags.StringVar(&f.preset, "preset", "",
		"take read, write, write-timeout, event-filters and allow-multiple-login from this `PRESET`; see 'pbxctl manager presets'")
	flags.StringArrayVar(&f.deny, "deny", nil, "`ADDRESS` or range that may not log in; may be repeated")
	flags.StringArrayVar(&f.permit, "permit", nil, "`ADDRESS` or range that may log in all the same; alone, all others are denied; may be repeated")
	flags.StringVar(&f.user.NamedACL, "named-acl", "", "`LIST` of acl.conf that an address must pass as well")
	flags.StringArrayVar(&f.read, "read", nil, "`CLASSES` of events that are sent, such as call,user; may be repeated")
	flags.StringArrayVar(&f.write, "write", nil, "`CLASSES` of actions that are allowed, such as call,originate; may be repeated")
	flags.StringArrayVar(&f.eventFilters, "event-filters", nil,
		"`FILTER` such as exclude,event=Newexten or include,header=Channel,starts_with=PJSIP/; may be repeated")
	flags.BoolVar(&f.user.DisplayConnects, "display-connects", false, "log logins and logoffs on the console")
	flags.BoolVar(&f.user.AllowMultipleLogin, "allow-multiple-login", true, "allow several sessions at once")
	flags.IntVar(&f.user.WriteTimeout, "write-timeout", 0, "`MILLISECONDS` that Asterisk waits for a slow reader; 0 for its default")
	flags.BoolVar(&f.user.Disabled, "disabled", false, "keep the account from Asterisk")
	flags.StringVar(&f.user.Note, "note", "", "`TEXT` for people")
	flags.StringVar(&f.user.Owner, "owner", "", "`NAME` of who answers for the account")
	for name, words := range map[string][]string{
		"preset": presetNames(), "read": manager.AllPrivileges.Names(), "write": manager.AllPrivileges.Names(),
	} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

func presetNames() []string {
	presets := manager.Presets()
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.Name
	}
	return names
}

// amiAccountFields are the fields whose flags were given.
type amiAccountFields struct {
	flags  *pflag.FlagSet
	preset *manager.Preset // nil when none was chosen
	user   manager.Account
	// fieldErrs are those that cannot be read; they are left out of user.
	fieldErrs flagErrors
}

// parse reads the flags. What cannot be read is kept, to be refused together
// with what the service refuses; the error is that of reading the secret.
func (f *amiAccountFlags) parse(ctx context.Context, flags *pflag.FlagSet, stdin io.Reader) (*amiAccountFields, error) {
	given := &amiAccountFields{flags: flags, user: f.user}
	secret, empty, err := f.secretFlags.read(ctx, stdin)
	if err != nil {
		return nil, err
	}
	given.user.Secret = secret
	if flags.Changed("preset") {
		given.preset, given.fieldErrs = parsePreset(f.preset)
	}
	given.fieldErrs = slices.Concat(
		given.fieldErrs,
		empty,
		parseNetworks("deny", f.deny, &given.user.Deny),
		parseNetworks("permit", f.permit, &given.user.Permit),
		parseClasses("read", f.read, &given.user.Read),
		parseClasses("write", f.write, &given.user.Write),
		parseFilters(f.eventFilters, &given.user.EventFilters),
	)
	return given, nil
}

func parsePreset(name string) (*manager.Preset, []store.FieldError) {
	preset, ok := manager.LookupPreset(name)
	if !ok {
		return nil, []store.FieldError{{Field: "preset", Code: "unknown", Message: "choose one of " + strings.Join(presetNames(), ", ")}}
	}
	return &preset, nil
}

// set sets the fields of u, those of the preset first.
func (g *amiAccountFields) set(u *manager.Account) {
	if g.preset != nil {
		g.preset.ApplyTo(u)
	}
	for name, field := range map[string]func(to, from *manager.Account){
		"secret":               func(to, from *manager.Account) { to.Secret = from.Secret },
		"secret-file":          func(to, from *manager.Account) { to.Secret = from.Secret },
		"deny":                 func(to, from *manager.Account) { to.Deny = from.Deny },
		"permit":               func(to, from *manager.Account) { to.Permit = from.Permit },
		"named-acl":            func(to, from *manager.Account) { to.NamedACL = from.NamedACL },
		"read":                 func(to, from *manager.Account) { to.Read = from.Read },
		"write":                func(to, from *manager.Account) { to.Write = from.Write },
		"event-filters":        func(to, from *manager.Account) { to.EventFilters = from.EventFilters },
		"display-connects":     func(to, from *manager.Account) { to.DisplayConnects = from.DisplayConnects },
		"allow-multiple-login": func(to, from *manager.Account) { to.AllowMultipleLogin = from.AllowMultipleLogin },
		"write-timeout":        func(to, from *manager.Account) { to.WriteTimeout = from.WriteTimeout },
		"disabled":             func(to, from *manager.Account) { to.Disabled = from.Disabled },
		"note":                 func(to, from *manager.Account) { to.Note = from.Note },
		"owner":                func(to, from *manager.Account) { to.Owner = from.Owner },
	} {
		if g.flags.Changed(name) {
			field(u, &g.user)
		}
	}
}
