package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// FlagGroup is a group of settings under one heading.
type FlagGroup struct {
	Title string
	Flags *pflag.FlagSet
}

// FlagGroups returns the settings as flags that set s, by section. TakeOver is not among
// them: it is a flag of the commands that use it.
func (s *Settings) FlagGroups() []FlagGroup {
	var groups []FlagGroup
	rules := newRules()
	for _, d := range definitions() {
		if d.SavedOnly {
			continue
		}
		i := slices.IndexFunc(groups, func(g FlagGroup) bool { return g.Title == d.Section })
		if i < 0 {
			i = len(groups)
			groups = append(groups, FlagGroup{d.Section, pflag.NewFlagSet(d.Section, pflag.ContinueOnError)})
		}
		flag := groups[i].Flags.VarPF(newSettingFlag(d, s, rules), d.Flag(), "", flagUsage(d.Meta))
		if d.Kind == field.KindBool {
			flag.NoOptDefVal = "true"
		}
	}
	return groups
}

// Register adds the flags of all groups.
func (s *Settings) Register(flags *pflag.FlagSet) {
	for _, group := range s.FlagGroups() {
		flags.AddFlagSet(group.Flags)
	}
}

// flagUsage is the usage of the flag of a setting: its label and its help.
func flagUsage(m field.Meta) string {
	sentences := []string{m.Label}
	if len(m.OneOf) > 0 {
		sentences = append(sentences, "one of "+strings.Join(m.OneOf, ", "))
	}
	if m.Help != "" {
		sentences = append(sentences, strings.Split(strings.TrimSuffix(m.Help, "."), ". ")...)
	}
	for i, text := range sentences {
		if first, rest := text[:1], text[1:]; strings.ToLower(rest) == rest || strings.Contains(rest, " ") && strings.ToLower(rest[:1]) == rest[:1] {
			sentences[i] = strings.ToLower(first) + rest // no acronym
		}
	}
	return strings.Join(sentences, "; ")
}

// settingFlag is the value of the flag of a setting.
type settingFlag struct {
	definition Definition
	settings   *Settings
	rules      *validate.Validator
	// changed is set after the first Set, which replaces the default.
	changed bool
}

// newSettingFlag sets the default.
func newSettingFlag(d Definition, s *Settings, rules *validate.Validator) *settingFlag {
	d.Set(s, defaultValue(d.Meta))
	return &settingFlag{definition: d, settings: s, rules: rules}
}

// defaultValue returns the default of a setting in its kind.
func defaultValue(m field.Meta) field.Value {
	if m.Default.IsZero() {
		return field.ZeroValue(m.Kind)
	}
	return m.Default
}

// String returns what Set takes.
func (f *settingFlag) String() string {
	value := f.definition.Get(f.settings)
	switch f.definition.Kind {
	case field.KindBool:
		return strconv.FormatBool(value.Bool())
	case field.KindList:
		return strings.Join(value.List(), ",")
	case field.KindText, field.KindInt, field.KindTime:
	}
	return value.String()
}

// Type names the value in the help and in errors.
func (f *settingFlag) Type() string {
	if f.definition.Kind == field.KindBool {
		return "bool"
	}
	return f.definition.Placeholder
}

// Set parses and checks the text. A list that is given again adds to the first one.
func (f *settingFlag) Set(text string) error {
	d := f.definition
	value, err := field.Parse(d.Kind, text)
	if err != nil {
		return err
	}
	if d.Kind == field.KindList && f.changed {
		value = field.ListValue(append(d.Get(f.settings).List(), value.List()...))
	}
	if errs := checkRule(f.rules, d, value); len(errs) > 0 {
		return errors.New(errs[0].Message)
	}
	f.changed = true
	d.Set(f.settings, value)
	return nil
}

// checkRule returns the errors of a value by the name of its setting.
func checkRule(rules *validate.Validator, d Definition, value field.Value) []store.FieldError {
	if d.Rule == "" {
		return nil
	}
	return rules.Var(d.Name, value.Any(), d.Rule)
}

const (
	day = 24 * time.Hour

	ratioMessage = "write a ratio above 0 and up to 1, such as 0.1"
)

func isRatio(number float64) bool { return number > 0 && number <= 1 }

// formatRatio formats a ratio; 0 is none.
func formatRatio(ratio float64) string {
	if ratio == 0 {
		return ""
	}
	return strconv.FormatFloat(ratio, 'f', -1, 64)
}

// SyncOff is the interval without scheduled syncs.
const SyncOff = "off"

// SyncIntervals returns the intervals of scheduled syncs.
func SyncIntervals() []string { return []string{SyncOff, "15m", "1h", "6h", "24h"} }

// parseInterval reads one of SyncIntervals; 0 means off.
func parseInterval(text string) time.Duration {
	interval, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return interval
}

func formatInterval(interval time.Duration) string {
	for _, text := range SyncIntervals() {
		if parseInterval(text) == interval {
			return text
		}
	}
	return interval.String()
}

// ParseBaseURL reads the public URL of the pages: http or https, a host and an
// optional port. It returns a [store.InvalidError] on "base-url" if text is
// anything else, or empty.
func ParseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "" || base.User != nil ||
		strings.Trim(base.Path, "/") != "" || strings.ContainsAny(text, "?#") {
		return nil, store.NewInvalidError(store.FieldError{
			Field: "base-url", Code: store.CodeURL, Message: "write http:// or https://, the host name and an optional port",
		})
	}
	return &url.URL{Scheme: base.Scheme, Host: strings.ToLower(base.Host)}, nil
}

// normalizeOrigin returns the URL as [ParseBaseURL] reads it, and any other text as it
// is.
func normalizeOrigin(text string) string {
	base, err := ParseBaseURL(text)
	if err != nil {
		return text
	}
	return base.String()
}

// Source is where the value of a setting comes from.
type Source struct {
	// Kind is one of the Source constants, and Name the flag with its dashes, the
	// environment variable or the file.
	Kind, Name string
}

// Kinds of sources, in the order of their precedence.
const (
	SourceFlag        = "flag"
	SourceEnvironment = "environment"
	SourceFile        = "file"
	SourceLocked      = "locked" // a password file fixes the settings of its server
	SourceSaved       = "saved"
	SourceDefault     = "default"
)

// String describes the source.
func (s Source) String() string {
	switch s.Kind {
	case SourceSaved:
		return "saved here"
	case SourceDefault, "":
		return SourceDefault
	case SourceLocked:
		return "fixed, because the password file is set by " + s.Name
	}
	return fmt.Sprintf("set by %s", s.Name)
}

// Fixed reports whether the setting cannot be changed in the database.
func (s Source) Fixed() bool { return s.Kind != "" && s.Kind != SourceSaved && s.Kind != SourceDefault }

// fix notes that a flag, the environment or a file sets a setting.
func (s *Settings) fix(name string, source Source) {
	if s.sources == nil {
		s.sources = map[string]Source{}
	}
	s.sources[name] = source
}

// sourceOf returns what sets a setting before the database: the default if nothing does.
// A file with the value counts, such as a password file.
func (s *Settings) sourceOf(d Definition) Source {
	own := s.sources[d.Name]
	if d.File != "" {
		own = cmp.Or(s.fileSource(d.File), own)
	}
	return cmp.Or(own, s.lockOf(d), Source{Kind: SourceDefault})
}

// lockOf returns the source of a password file whose password goes to the server of this
// setting: a changed server would receive it, and nobody can enter it again.
func (s *Settings) lockOf(d Definition) Source {
	for _, sent := range secretDefinitions() {
		if file := s.fileSource(sent.File); file.Fixed() && slices.Contains(sent.SentTo, d.Name) {
			return Source{Kind: SourceLocked, Name: file.Name}
		}
	}
	return Source{}
}

// fileSource returns what sets the path of a file; zero if there is none.
func (s *Settings) fileSource(name string) Source {
	path := map[string]string{
		"smtp_password_file": s.SMTP.PasswordFile, "smtp_ca_file": s.SMTP.CAFile, "ldap_password_file": s.LDAP.PasswordFile, "ldap_ca_file": s.LDAP.CAFile,
	}[name]
	if path == "" {
		return Source{}
	}
	return cmp.Or(s.sources[name], Source{SourceFlag, "--" + strings.ReplaceAll(name, "_", "-")})
}
