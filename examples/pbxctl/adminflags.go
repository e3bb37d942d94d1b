package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
)

// adminFlags are the fields of an administrator, each a flag of the field's
// name.
type adminFlags struct {
	displayName string
	access      string
	sections    []string
	extensions  []string
	dids        []string
	teams       []string
	disabled    bool
}

// register adds the flags to cmd.
func (f *adminFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.displayName, "display-name", "", "`NAME` for people")
	flags.StringVar(&f.access, "access", "", "`ACCESS`: limited to what is listed, as a new one is, or full, which empties the lists that are not given")
	flags.StringArrayVar(&f.sections, "sections", nil, "`SECTIONS` that a limited one sees and changes, such as ami-accounts,apply; may be repeated")
	flags.StringArrayVar(&f.extensions, "extensions", nil, "`RANGES` of extensions, such as 100-199,205; none means all; may be repeated")
	flags.StringArrayVar(&f.dids, "dids", nil, "`RANGES` of DIDs, such as +4930100-+4930199; none means all; may be repeated")
	flags.StringArrayVar(&f.teams, "teams", nil, "`TEAMS`, parted by commas, nothing between two for the default one; none means all; may be repeated")
	flags.BoolVar(&f.disabled, "disabled", false, "keep the administrator from logging in")
	for name, words := range map[string][]string{
		"access": {string(ampusers.Full), string(ampusers.Limited)}, "sections": sectionIDs(),
	} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

func sectionIDs() []string {
	var ids []string
	for _, section := range app.Sections() {
		ids = append(ids, section.ID)
	}
	return append(ids, ampusers.SectionApply)
}

// adminFields are the fields whose flags were given.
type adminFields struct {
	flags *pflag.FlagSet
	from  ampusers.Administrator
	// fieldErrs are those that cannot be read; they are blank in from.
	fieldErrs flagErrors
}

// parse reads the flags. What cannot be read is kept, to be refused together
// with what the service refuses.
func (f *adminFlags) parse(flags *pflag.FlagSet) *adminFields {
	fields := &adminFields{flags: flags, from: ampusers.Administrator{
		DisplayName: f.displayName, Access: ampusers.AccessLevel(f.access), Disabled: f.disabled,
		Sections: splitValues(f.sections), Teams: splitValues(f.teams),
	}}
	fields.from.Extensions = fields.parseRanges("extensions", f.extensions)
	fields.from.DIDs = fields.parseRanges("dids", f.dids)
	return fields
}

func (f *adminFields) parseRanges(field string, given []string) scope.Ranges {
	ranges, err := scope.ParseRanges(strings.Join(splitValues(given), ","))
	for _, fieldErr := range prefixFieldErrors("", err) {
		f.fieldErrs = append(f.fieldErrs, store.FieldError{Field: field, Code: fieldErr.Code, Message: fieldErr.Message})
	}
	return ranges
}

// set sets the fields of to that were given.
func (f *adminFields) set(to *ampusers.Administrator) {
	if f.flags.Changed("access") && f.from.Access == ampusers.Full {
		// A Full administrator has none listed.
		to.Sections, to.Teams = nil, nil
		to.Extensions, to.DIDs = scope.Ranges{}, scope.Ranges{}
	}
	for name, set := range map[string]func(){
		"display-name": func() { to.DisplayName = f.from.DisplayName },
		"access":       func() { to.Access = f.from.Access },
		"sections":     func() { to.Sections = f.from.Sections },
		"extensions":   func() { to.Extensions = f.from.Extensions.Clone() },
		"dids":         func() { to.DIDs = f.from.DIDs.Clone() },
		"teams":        func() { to.Teams = f.from.Teams },
		"disabled":     func() { to.Disabled = f.from.Disabled },
	} {
		if f.flags.Changed(name) {
			set()
		}
	}
}
