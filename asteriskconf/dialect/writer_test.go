package dialect_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/go-ini/ini"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// requireInvalidFields requires an InvalidError with a code and a message for
// each field, and returns the fields.
func requireInvalidFields(t require.TestingT, err error) []store.FieldError {
	require.ErrorIs(t, err, store.ErrInvalid)
	var invalidErr *store.InvalidError
	require.ErrorAs(t, err, &invalidErr)
	require.NotEmpty(t, invalidErr.Fields)
	for _, f := range invalidErr.Fields {
		require.NotEmpty(t, f.Field)
		require.NotEmpty(t, f.Code)
		require.NotEmpty(t, f.Message)
	}
	return invalidErr.Fields
}

func section(name string, pairs ...string) dialect.Section {
	s := dialect.Section{Name: name}
	for i := 0; i < len(pairs); i += 2 {
		s.Lines = append(s.Lines, dialect.Line{Key: pairs[i], Value: pairs[i+1]})
	}
	return s
}

// goldenFiles are files that testdata/writer holds byte by byte.
func goldenFiles() map[string][]dialect.Section {
	many := section("many")
	for i := range 40 {
		many.Lines = append(many.Lines, dialect.Line{Key: fmt.Sprintf("key%d", i), Value: "v"})
	}
	return map[string][]dialect.Section{
		"plain":         {section("general", "enabled", "yes", "bindaddr", "127.0.0.1"), section("crm", "secret", "s", "read", "none")},
		"empty_section": {section("a"), section("b", "k", "")},
		"semicolons":    {section("a;b", "k", "a;b", "k;2", `a\;b`, "k3", "--;x", "k4", ";-- x")},
		"keys":          {section("a", "[k]", "1", "#include x", "2", "=k", "3", `\k`, "4", "k+", "5", "k:", "6", `k"`, "7", "k`", "8", "-", "9")},
		"values":        {section("a", "k", ">v", "k2", "`v`", "k3", `"""v"""`, "k4", `"v"`, "k5", `v\`, "k6", "\u00a0v", "k7", "=v", "k8", "#v")},
		"repeated":      {section("acl", "deny", "a", "permit", "b", "deny", "c", "permit", ""), section("same", "k", "v", "k", "v")},
		"default":       {section("DEFAULT", "k", "v"), section("default", "k", "v")},
		"objects":       {section("6001", "type", "endpoint"), section("6001", "type", "auth"), section("6001", "type", "aor")},
		"long_key":      {section("a", "k", "v", strings.Repeat("x", 60), strings.Repeat("y", 4100), "k2", strings.Repeat("z", 8180))},
		"many_lines":    {many},
	}
}

// TestWriter_golden compares the written files with the saved ones.
func TestWriter_golden(t *testing.T) {
	t.Parallel()
	for name, sections := range goldenFiles() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := writeSections(t, sections)
			path := "testdata/writer/" + name + ".conf"
			if *update {
				require.NoError(t, os.WriteFile(path, got, 0o644))
			}
			golden, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(golden), string(got))
			tree, err := dialect.Parse(bytes.NewReader(got), nil)
			require.NoError(t, err)
			require.Empty(t, tree.Findings)
			requireSections(t, sections, tree.ResolvedSections())
		})
	}
}

// TestWriter_Section_rejectsInvalidFields is the table of what no file can carry. Codes that are
// empty mean that it is carried.
func TestWriter_Section_rejectsInvalidFields(t *testing.T) {
	t.Parallel()
	const carried = ""
	for name, tt := range map[string]struct{ text, name, key, value string }{
		"newline":              {"a\nb", "control_character", "control_character", "control_character"},
		"carriage return":      {"a\rb", "control_character", "control_character", "control_character"},
		"NUL":                  {"a\x00b", "control_character", "control_character", "control_character"},
		"tab":                  {"a\tb", "control_character", "control_character", "control_character"},
		"escape character":     {"a\x1bb", "control_character", "control_character", "control_character"},
		"delete character":     {"a\x7fb", "control_character", "control_character", "control_character"},
		"tab at an end":        {"a\t", "control_character", "control_character", "control_character"},
		"blank at the start":   {" a", carried, "outer_space", "outer_space"},
		"blank at the end":     {"a ", carried, "outer_space", "outer_space"},
		"only a blank":         {" ", carried, "outer_space", "outer_space"},
		"blank inside":         {"a b", carried, carried, carried},
		"empty":                {"", "required", "required", carried},
		"semicolon":            {"a;b", carried, carried, carried},
		"only a semicolon":     {";", carried, carried, carried},
		"begin of a block":     {"a;--b", carried, carried, carried},
		"end of a block":       {"a--;b", carried, carried, carried},
		"escaped semicolon":    {`a\;b`, carried, carried, carried},
		"opening bracket":      {"[a", carried, carried, carried},
		"closing bracket":      {"a]", "bracket", carried, carried},
		"template":             {"a](!)", "bracket", carried, carried},
		"opening parenthesis":  {"a(b", carried, carried, carried},
		"backtick":             {"a`b", carried, carried, carried},
		"quotes":               {`"a"`, carried, carried, carried},
		"three quotes":         {`"""a"""`, carried, carried, carried},
		"apostrophe":           {"'a'", carried, carried, carried},
		"backslash at the end": {`a\`, carried, carried, carried},
		"leading backslash":    {`\a`, carried, carried, carried},
		"leading equals":       {"=a", carried, carried, carried},
		"later equals":         {"a=b", carried, "equals", carried},
		"two equals":           {"==", carried, "equals", carried},
		"leading greater-than": {">a", carried, carried, carried},
		"leading hash":         {"#include a", carried, carried, carried},
		"plus at the end":      {"a+", carried, carried, carried},
		"variable":             {"${a}%(b)s", carried, carried, carried},
		"invalid UTF-8":        {"a\xffb", "invalid_utf8", "invalid_utf8", "invalid_utf8"},
		"cut UTF-8":            {"\xe4\xbd", "invalid_utf8", "invalid_utf8", "invalid_utf8"},
		"non-breaking blank":   {"\u00a0a\u00a0", carried, carried, carried},
		"Chinese":              {"你好", carried, carried, carried},
		"79 bytes":             {strings.Repeat("a", 79), carried, carried, carried},
		"80 bytes":             {strings.Repeat("a", 80), "max", carried, carried},
		"8 kB":                 {strings.Repeat("a", 8192), "max", "max", "max"},
		"5 kB of semicolons":   {strings.Repeat(";", 5000), "max", "max", "max"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireCode(t, dialect.CheckName(tt.text), "name", tt.name)
			requireCode(t, dialect.CheckLine(tt.text, "v"), "key", tt.key)
			requireCode(t, dialect.CheckLine("k", tt.text), "value", tt.value)
			requireRejectedOrRoundTrip(t, tt.text, "k", "v")
			requireRejectedOrRoundTrip(t, "a", tt.text, "v")
			requireRejectedOrRoundTrip(t, "a", "k", tt.text)
		})
	}
}

func requireCode(t *testing.T, err error, field, code string) {
	t.Helper()
	if code == "" {
		require.NoError(t, err)
		return
	}
	fields := requireInvalidFields(t, err)
	require.Len(t, fields, 1)
	require.Equal(t, field, fields[0].Field)
	require.Equal(t, code, fields[0].Code)
}

func TestWriter_Section_reportsEveryInvalidField(t *testing.T) {
	t.Parallel()
	w := dialect.NewWriter(io.Discard, nil)
	err := w.Section(section("a]", "k", "v", "k=2", "v\n", "k3", " v", "", "v"))
	var got []string
	for _, f := range requireInvalidFields(t, err) {
		got = append(got, f.Field+" "+f.Code)
	}
	require.Equal(t, []string{
		"name bracket", "lines[1].key equals", "lines[1].value control_character", "lines[2].value outer_space", "lines[3].key required",
	}, got)
}

func TestWriter_Section_limitsFieldErrors(t *testing.T) {
	t.Parallel()
	s := dialect.Section{Name: "a", Lines: make([]dialect.Line, 10_000)}
	require.Len(t, requireInvalidFields(t, dialect.NewWriter(io.Discard, nil).Section(s)), 100)
}

func TestWriter_Section_errorsNeverContainValues(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, bad := range []string{secret + "\n", " " + secret, secret + "\xff", secret + strings.Repeat("x", 9000)} {
		err := dialect.CheckLine(bad, bad)
		require.Error(t, err)
		require.NotContains(t, err.Error(), secret)
	}
}

// TestWriter_Section_lineLengthLimit writes the longest lines that Asterisk
// reads. One more byte is rejected.
func TestWriter_Section_lineLengthLimit(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]dialect.Line{
		"long value":      {Key: "k", Value: strings.Repeat("v", 8185)},
		"semicolons":      {Key: "k", Value: strings.Repeat(";", 4092) + "v"},
		"long key":        {Key: strings.Repeat("k", 8186), Value: ""},
		"key and value":   {Key: strings.Repeat("k", 4000), Value: strings.Repeat("v", 4186)},
		"key that begins": {Key: "#" + strings.Repeat("k", 8185), Value: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireRejectedOrRoundTrip(t, "a", line.Key, line.Value)
			require.NoError(t, dialect.CheckLine(line.Key, line.Value))
			fields := requireInvalidFields(t, dialect.CheckLine(line.Key, line.Value+"v"))
			require.Equal(t, "max", fields[0].Code)
		})
	}
}

func TestWriter_Section_rejectsDuplicateName(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := dialect.NewWriter(&file, nil)
	require.NoError(t, w.Section(section("Alice", "k", "1")))
	fields := requireInvalidFields(t, w.Section(section("alicE", "k", "2")))
	require.Equal(t, "repeated", fields[0].Code)
	require.NoError(t, w.Section(section("Älice", "k", "3")))
	require.NoError(t, w.Section(section("älice", "k", "4")), "only ASCII letters have case")
	require.NoError(t, w.Close())
	require.NotContains(t, file.String(), "2")
}

// TestWriter_Section_detectsDuplicateNameInAnyOrder repeats each name of a
// file, in sorted order and in others.
func TestWriter_Section_detectsDuplicateNameInAnyOrder(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]string{"in order": {"a", "b", "c"}, "out of order": {"b", "c", "a"}, "backwards": {"c", "b", "a"}, "one": {"a"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dialect.NewWriter(io.Discard, nil)
			for _, n := range order {
				require.NoError(t, w.Section(section(n)))
			}
			for _, n := range order {
				requireInvalidFields(t, w.Section(section(strings.ToUpper(n))))
			}
			require.NoError(t, w.Section(section("d")))
		})
	}
}

// TestWriter_Section_acceptsNameAfterRejection writes a section after its first
// form was rejected. A rejected section must not reserve its name.
func TestWriter_Section_acceptsNameAfterRejection(t *testing.T) {
	t.Parallel()
	w := dialect.NewWriter(io.Discard, nil)
	requireInvalidFields(t, w.Section(section("a", "k", " v")))
	require.NoError(t, w.Section(section("a", "k", "v")))
	require.NoError(t, w.Close())
}

func TestWriter_Comment_neutralizesAnyText(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":           "",
		"lines":           "one\ntwo\r\nthree\rfour",
		"empty lines":     "\n\n",
		"injection":       "x\n[evil]\nsecret=1",
		"block":           ";-- --;--;",
		"block at start":  "-- x\n-- y --;",
		"control":         "a\x00b\x07c\x7f",
		"invalid UTF-8":   "a\xffb",
		"long":            strings.Repeat("é", 20_000),
		"byte order mark": "\ufeffx",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			w := dialect.NewWriter(&file, nil)
			require.NoError(t, w.Comment(text))
			require.NoError(t, w.Section(section("a", "k", "v")))
			require.NoError(t, w.Comment(text))
			require.NoError(t, w.Close())
			for line := range strings.Lines(file.String()) {
				require.Less(t, len(line), 1100)
				require.Contains(t, "[k;\n", line[:1])
			}
			tree, err := dialect.Parse(&file, nil)
			require.NoError(t, err)
			require.Empty(t, tree.Findings)
			requireSections(t, []dialect.Section{section("a", "k", "v")}, tree.ResolvedSections())
		})
	}
}

// TestWriter_ignoresGoINIGlobals writes with changed package variables of
// go-ini, as embedding programs may set them. It must not run in parallel with
// other tests.
func TestWriter_ignoresGoINIGlobals(t *testing.T) { //nolint:paralleltest // it changes package variables
	for name, change := range map[string]func(){
		"no alignment": func() { ini.PrettyFormat = false },
		"no blanks":    func() { ini.PrettyFormat, ini.PrettyEqual = false, false },
		"blanks":       func() { ini.PrettyFormat, ini.PrettyEqual = false, true },
		"no gaps":      func() { ini.PrettySection = false },
		"header":       func() { ini.DefaultHeader = true },
		"line break":   func() { ini.LineBreak = "\r\n" },
	} {
		t.Run(name, func(t *testing.T) {
			prettyFormat, prettyEqual, prettySection, header, lineBreak := ini.PrettyFormat, ini.PrettyEqual, ini.PrettySection, ini.DefaultHeader, ini.LineBreak
			defer func() {
				ini.PrettyFormat, ini.PrettyEqual, ini.PrettySection, ini.DefaultHeader, ini.LineBreak = prettyFormat, prettyEqual, prettySection, header, lineBreak
			}()
			change()
			for _, sections := range goldenFiles() {
				tree, err := dialect.Parse(bytes.NewReader(writeSections(t, sections)), nil)
				require.NoError(t, err)
				require.Empty(t, tree.Findings)
				requireSections(t, sections, tree.ResolvedSections())
			}
		})
	}
}

// fullDisk fails after some bytes.
type fullDisk struct{ room int }

var errDiskFull = errors.New("disk full")

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errDiskFull
	}
	return len(p), nil
}

func TestWriter_returnsFirstWriteError(t *testing.T) {
	t.Parallel()
	w := dialect.NewWriter(&fullDisk{room: 100_000}, nil)
	var err error
	for i := 0; err == nil; i++ {
		err = w.Section(section(fmt.Sprint("s", i), "k", strings.Repeat("v", 1000)))
	}
	require.ErrorIs(t, err, errDiskFull)
	require.ErrorIs(t, w.Section(section("more")), errDiskFull)
	require.ErrorIs(t, w.Comment("more"), errDiskFull)
	require.ErrorIs(t, w.Close(), errDiskFull)
}

func TestWriter_Close_reportsFullDisk(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(w *dialect.Writer) error{
		"section": func(w *dialect.Writer) error { return w.Section(section("a", "k", "v")) },
		"comment": func(w *dialect.Writer) error { return w.Comment("x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dialect.NewWriter(&fullDisk{}, nil)
			require.NoError(t, fill(w))
			require.ErrorIs(t, w.Close(), errDiskFull)
		})
	}
}

func TestWriter_Close_rejectsFurtherUse(t *testing.T) {
	t.Parallel()
	w := dialect.NewWriter(io.Discard, nil)
	require.NoError(t, w.Close())
	require.Error(t, w.Close())
	require.Error(t, w.Section(section("a")))
	require.Error(t, w.Comment("a"))
}
