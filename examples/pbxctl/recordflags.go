package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// extraFlag is a flag for what is no plain field of T.
type extraFlag[T any] struct {
	name, placeholder, usage string
	// first sets before the plain fields.
	first bool
	// complete completes the value; nil does not.
	complete cobra.CompletionFunc
	// parse reads the values of the flag, one for each time that it was given.
	// The errors carry the field; set leaves the field of an error alone.
	parse func(s *app.App, given []string) (set func(*T), errs []store.FieldError)
}

// recordFlags are the flags for the fields of a record.
type recordFlags[T any] struct {
	*resource[T]

	flags  *pflag.FlagSet
	values map[string]*flagValue // by flag
}

// register adds the flags to a command. The plain fields named in with are added
// although they hold the key.
func (r *resource[T]) register(cmd *cobra.Command, with ...string) *recordFlags[T] {
	f := &recordFlags[T]{resource: r, flags: cmd.Flags(), values: map[string]*flagValue{}}
	for _, m := range r.fields.Metas(nil) {
		if !slices.ContainsFunc(r.extra, func(e extraFlag[T]) bool { return e.name == m.Flag() }) && (!m.Required || slices.Contains(with, m.Name)) {
			f.add(m.Flag(), fieldUsage(m), &flagValue{kind: m.Kind, placeholder: m.Placeholder, given: defaultTexts(m)})
		}
	}
	for _, e := range r.extra {
		f.add(e.name, e.usage, &flagValue{kind: field.KindList, placeholder: e.placeholder})
		if e.complete != nil {
			_ = cmd.RegisterFlagCompletionFunc(e.name, e.complete)
		}
	}
	return f
}

func (f *recordFlags[T]) add(name, usage string, value *flagValue) {
	f.values[name] = value
	flag := f.flags.VarPF(value, name, "", usage)
	if value.kind == field.KindBool {
		flag.NoOptDefVal = "true"
	}
}

// changes returns what sets the fields whose flags were given, and the errors of
// the flags that cannot be read. The function may run more than once.
func (f *recordFlags[T]) changes(s *app.App) (set func(*T), errs flagErrors) {
	var before, after []func(*T)
	for _, e := range f.extra {
		if !f.flags.Changed(e.name) {
			continue
		}
		set, fieldErrs := e.parse(s, f.values[e.name].given)
		errs = append(errs, fieldErrs...)
		if e.first {
			before = append(before, set)
		} else {
			after = append(after, set)
		}
	}
	changes := map[string]field.Value{}
	for _, m := range f.fields.Metas(nil) {
		if value := f.values[m.Flag()]; value != nil && f.flags.Changed(m.Flag()) && value.kind == m.Kind {
			changes[m.Name] = value.value()
		}
	}
	before = append(before, func(record *T) { f.fields.Apply(record, changes) })
	return func(record *T) {
		for _, set := range slices.Concat(before, after) {
			set(record)
		}
	}, errs
}

// fieldUsage is the usage of a field's flag.
func fieldUsage(m field.Meta) string {
	sentences := strings.Split(strings.TrimSuffix(cmp.Or(m.Help, m.Label), "."), ". ")
	if m.Kind == field.KindList {
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
	case m.Default.IsZero():
		return nil
	case m.Kind == field.KindBool:
		return []string{strconv.FormatBool(m.Default.Bool())}
	}
	return []string{m.Default.String()}
}

// flagValue is the value of a flag: one text, or, for a list, one for each time
// that the flag is given.
type flagValue struct {
	kind        field.Kind
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

// Set adds to a list, and replaces any other value.
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
	if _, ok := errors.AsType[*strconv.NumError](err); ok {
		err = fmt.Errorf("this is no %s", v.kind)
	}
	if v.kind != field.KindList || !v.changed {
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

// timeFlag is a time as a flag.
type timeFlag time.Time

// String returns nothing for the zero time.
func (t *timeFlag) String() string {
	if t := time.Time(*t); !t.IsZero() {
		return t.Format(time.RFC3339Nano)
	}
	return ""
}

// Type names the value in the help.
func (t *timeFlag) Type() string { return "time" }

// Set takes what parseTime reads.
func (t *timeFlag) Set(text string) error {
	parsed, err := parseTime(text)
	*t = timeFlag(parsed)
	return err
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
