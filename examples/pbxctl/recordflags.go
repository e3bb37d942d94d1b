package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

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
	*noun[R]

	flags *pflag.FlagSet
	metas map[string]field.Meta // by flag
	raw   map[string]*flagValue // by flag
}

// register adds the flags of the fields that match to a command.
func (n *noun[R]) register(cmd *cobra.Command, metas []field.Meta, match func(field.Meta) bool) *recordFlags[R] {
	f := &recordFlags[R]{noun: n, flags: cmd.Flags(), metas: map[string]field.Meta{}, raw: map[string]*flagValue{}}
	for _, m := range metas {
		if !match(m) {
			continue
		}
		f.metas[m.Flag()] = m
		if len(m.OneOf) > 0 {
			m.Placeholder = strings.ToUpper(m.Name)
		}
		f.addFlag(cmd, m.Flag(), f.usage(m), &flagValue{kind: m.Kind, repeated: n.isRepeated(m), whole: slices.Contains(n.whole, m.Name), placeholder: m.Placeholder, given: defaultTexts(m)})
		if len(m.OneOf) > 0 {
			_ = cmd.RegisterFlagCompletionFunc(m.Flag(), cobra.FixedCompletions(m.OneOf, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	for _, e := range n.extra {
		value := f.raw[e.name]
		if value == nil {
			value = &flagValue{kind: field.KindList, repeated: true, placeholder: e.placeholder}
			f.addFlag(cmd, e.name, e.usage, value)
		}
		if e.complete != nil {
			_ = cmd.RegisterFlagCompletionFunc(e.name, e.complete)
		}
	}
	return f
}

func (f *recordFlags[R]) addFlag(cmd *cobra.Command, name, usage string, value *flagValue) {
	f.raw[name] = value
	flag := cmd.Flags().VarPF(value, name, "", usage)
	if value.kind == field.KindBool {
		flag.NoOptDefVal = "true"
	}
}

func (n *noun[R]) isRepeated(m field.Meta) bool {
	return m.Kind == field.KindList || slices.Contains(n.joined, m.Name)
}

// usage is the help of a field as the usage of its flag.
func (n *noun[R]) usage(m field.Meta) string {
	sentences := strings.Split(strings.TrimSuffix(cmp.Or(m.Help, m.Label), "."), ". ")
	if n.isRepeated(m) {
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
func (f *recordFlags[R]) values() map[string]field.Value {
	values := map[string]field.Value{}
	for flag, m := range f.metas {
		if f.flags.Changed(flag) {
			values[m.Name] = f.raw[flag].value()
		}
	}
	return values
}

// given returns the fields whose flags were given.
func (f *recordFlags[R]) given() []string { return slices.Collect(maps.Keys(f.values())) }

// inputs returns the values that are no fields, such as that of a preset.
func (f *recordFlags[R]) inputs(t *resource.Type[R]) map[string]field.Value {
	values := f.values()
	maps.DeleteFunc(values, func(name string, _ field.Value) bool {
		return !slices.ContainsFunc(t.Inputs, func(m field.Meta) bool { return m.Name == name })
	})
	return values
}

// apply sets the fields of a record. It returns the errors of flags that cannot be
// read, whose fields it leaves alone.
func (f *recordFlags[R]) apply(s *app.App, t *resource.Type[R], record *R, values map[string]field.Value) []store.FieldError {
	var errs []store.FieldError
	if f.prepare != nil {
		errs = f.prepare(record, values)
	}
	for _, input := range t.Inputs {
		delete(values, input.Name)
	}
	errs = append(errs, t.Apply(record, values)...)
	for _, e := range f.extra {
		if f.flags.Changed(e.name) && e.set != nil {
			errs = append(errs, e.set(s, record, f.raw[e.name].given)...)
		}
	}
	return errs
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
	return cmp.Or(v.placeholder, strings.ToUpper(string(v.kind)))
}

// Set adds to a repeated flag, and replaces any other value.
func (v *flagValue) Set(text string) error {
	var err error
	switch v.kind {
	case field.KindInt:
		_, err = strconv.Atoi(text)
	case field.KindBool:
		_, err = strconv.ParseBool(text)
	case field.KindTime:
		if text != "" {
			_, err = parseTime(text)
		}
	case field.KindText, field.KindList:
	}
	if errors.As(err, new(*strconv.NumError)) {
		err = fmt.Errorf("this is no %s", v.kind)
	}
	if !v.repeated || !v.changed {
		v.given = nil
	}
	v.given, v.changed = append(v.given, text), true
	return err
}

// value returns the value that Set has checked.
func (v *flagValue) value() field.Value {
	text := v.String()
	switch v.kind {
	case field.KindList:
		if v.whole {
			return field.ListValue(slices.DeleteFunc(slices.Clone(v.given), func(text string) bool { return text == "" }))
		}
		return field.ListValue(splitValues(v.given))
	case field.KindBool:
		on, _ := strconv.ParseBool(text)
		return field.BoolValue(on)
	case field.KindInt:
		n, _ := strconv.Atoi(text)
		return field.IntValue(n)
	case field.KindTime:
		t, _ := parseTime(text)
		return field.TimeValue(t)
	case field.KindText:
	}
	return field.TextValue(text)
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
