package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// fieldFlags are the flags of fields.
type fieldFlags struct {
	cmd   *cobra.Command
	metas map[string]field.Meta // by flag
	raw   map[string]*flagValue // by flag
}

func newFieldFlags(cmd *cobra.Command) *fieldFlags {
	return &fieldFlags{cmd: cmd, metas: map[string]field.Meta{}, raw: map[string]*flagValue{}}
}

// add adds the flag of a field. whole says that the flag holds one element of a
// list, commas included.
func (f *fieldFlags) add(m field.Meta, repeated, whole bool) {
	placeholder := m.Placeholder
	if placeholder == "" || len(m.OneOf) > 0 {
		placeholder = strings.ToUpper(m.Name)
	}
	value := &flagValue{kind: m.Kind, repeated: repeated, whole: whole, placeholder: placeholder, given: defaultTexts(m)}
	f.metas[m.Flag()], f.raw[m.Flag()] = m, value
	flag := f.cmd.Flags().VarPF(value, m.Flag(), "", fieldUsage(m, repeated))
	if m.Kind == field.KindBool {
		flag.NoOptDefVal = "true"
	}
	if len(m.OneOf) > 0 {
		completeWords(f.cmd, m.Flag(), m.OneOf...)
	}
}

// fieldUsage is the help of a field as the usage of its flag.
func fieldUsage(m field.Meta, repeated bool) string {
	sentences := strings.Split(strings.TrimSuffix(cmp.Or(m.Help, m.Label), "."), ". ")
	if repeated {
		sentences = append(sentences, "may be repeated")
	}
	for i, text := range sentences {
		first, size := utf8.DecodeRuneInString(text)
		if second, _ := utf8.DecodeRuneInString(text[size:]); !unicode.IsUpper(second) { // no acronym
			sentences[i] = string(unicode.ToLower(first)) + text[size:]
		}
	}
	return strings.Join(sentences, "; ")
}

func defaultTexts(m field.Meta) []string {
	switch {
	case m.Default.IsZero() || m.Kind == field.KindList || m.Kind == field.KindText:
		return nil // the help says it
	case m.Kind == field.KindBool:
		return []string{strconv.FormatBool(m.Default.Bool())}
	}
	return []string{m.Default.String()}
}

// values returns the values of the flags that were given, by field.
func (f *fieldFlags) values() map[string]field.Value {
	values := map[string]field.Value{}
	for flag, m := range f.metas {
		if f.cmd.Flags().Changed(flag) {
			values[m.Name] = f.raw[flag].value()
		}
	}
	return values
}

// flagValue is the value of a flag: one text, or one for each time that the flag
// is given.
type flagValue struct {
	kind        field.Kind
	repeated    bool
	whole       bool
	placeholder string
	given       []string
	changed     bool
}

// String returns what Set takes.
func (v *flagValue) String() string { return strings.Join(v.given, ",") }

// Type names the value in the help.
func (v *flagValue) Type() string {
	if v.kind == field.KindBool {
		return "bool"
	}
	return v.placeholder
}

// Set adds to a repeated flag, and replaces any other value. An empty number or
// switch is that of a script whose variable is unset.
func (v *flagValue) Set(text string) error {
	_, err := parseScalar(v.kind, text)
	if text == "" && (v.kind == field.KindInt || v.kind == field.KindBool) {
		err = errors.New("this is empty")
	}
	if !v.repeated || !v.changed {
		v.given = nil
	}
	v.given, v.changed = append(v.given, text), true
	return err
}

// value returns the value that Set has checked.
func (v *flagValue) value() field.Value {
	switch {
	case v.kind == field.KindList && v.whole:
		return field.ListValue(slices.DeleteFunc(slices.Clone(v.given), func(text string) bool { return text == "" }))
	case v.kind == field.KindList:
		return field.ListValue(splitValues(v.given))
	}
	value, _ := parseScalar(v.kind, v.String())
	return value
}

// parseScalar reads a value that is no list.
func parseScalar(kind field.Kind, text string) (field.Value, error) {
	if kind == field.KindTime && text != "" {
		t, err := parseTime(text)
		return field.TimeValue(t), err
	}
	return field.Parse(kind, text)
}

// splitValues splits repeated flags at commas and trims spaces. An empty flag
// clears the list.
func splitValues(given []string) []string {
	var all []string
	for _, list := range given {
		if list == "" {
			continue
		}
		for value := range strings.SplitSeq(list, ",") {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}

// parseTime reads a date, a date and time in the time zone of this host, or
// RFC 3339.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		t, err := time.ParseInLocation(layout, text, time.Local) //nolint:gosmopolitan // the user is at this host
		if err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("write a time such as 2026-01-31, '2026-01-31 17:00:00' or 2026-01-31T17:00:00Z")
}

// setTime sets a time to what a flag says.
func setTime(target *time.Time) func(string) error {
	return func(text string) (err error) {
		*target, err = parseTime(text)
		return err
	}
}

// completeWords completes a flag that takes one of a few words.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// extraFlag is a flag of a field that a declaration leaves out. It can be
// repeated.
type extraFlag[R any] struct {
	name, placeholder, usage string
	// complete completes the value; nil does not.
	complete cobra.CompletionFunc
	// set sets the field to what the flags say. It returns what it cannot read.
	set func(s *app.App, record *R, given []string) []store.FieldError
}

// recordFlags are the flags of the fields of a record.
type recordFlags[R any] struct {
	*fieldFlags

	noun *noun[R]
}

// register adds the flags of the fields that match to a command.
func (n *noun[R]) register(cmd *cobra.Command, metas []field.Meta, match func(field.Meta) bool) *recordFlags[R] {
	f := &recordFlags[R]{newFieldFlags(cmd), n}
	for _, m := range metas {
		if match(m) {
			f.add(m, m.Kind == field.KindList || slices.Contains(n.joined, m.Name), slices.Contains(n.whole, m.Name))
		}
	}
	for _, e := range n.extra {
		value := f.raw[e.name]
		if value == nil {
			value = &flagValue{kind: field.KindList, repeated: true, placeholder: e.placeholder}
			f.raw[e.name] = value
			cmd.Flags().Var(value, e.name, e.usage)
		}
		if e.complete != nil {
			_ = cmd.RegisterFlagCompletionFunc(e.name, e.complete)
		}
	}
	return f
}

// given returns the fields whose flags were given.
func (f *recordFlags[R]) given() []string { return slices.Collect(maps.Keys(f.values())) }

// apply sets the fields of a record. It returns the errors of flags that cannot be
// read, whose fields it leaves alone.
func (f *recordFlags[R]) apply(s *app.App, t *resource.Type[R], record *R, values map[string]field.Value) []store.FieldError {
	var errs []store.FieldError
	if f.noun.prepare != nil {
		errs = f.noun.prepare(record, values)
	}
	for _, input := range t.Inputs {
		delete(values, input.Name)
	}
	errs = append(errs, t.Apply(record, values)...)
	for _, e := range f.noun.extra {
		if e.set != nil && f.raw[e.name].changed {
			errs = append(errs, e.set(s, record, f.raw[e.name].given)...)
		}
	}
	return errs
}

// requireChange rejects an edit without any flag of a field, such as that of a
// script whose variable is unset.
func requireChange(cmd *cobra.Command, _ []string) error {
	given := false
	cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) { given = given || flag.Changed })
	if !given {
		return errors.New("nothing to change: give at least one field as a flag")
	}
	return nil
}

// requireTrue rejects a switch that is turned off, such as --invite=false, where
// the command needs to know what to do.
func requireTrue(name string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		on, err := cmd.Flags().GetBool(name)
		if err == nil && !on && cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s=false does nothing; leave it out and choose another flag", name)
		}
		return err
	}
}
