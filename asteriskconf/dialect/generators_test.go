package dialect_test

import (
	"bytes"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// fragments are the parts of random files: every character that the dialect
// knows, and whole lines, so that many files are valid.
var fragments = []string{
	"a", "b", "k", "K", "v", "=", "=>", "+=", ">", "+", ",", "-", "--", ";", ";--", "--;", ";---", "\\", "\\;", "&", "|", "*", ".",
	"[", "]", "(", ")", "!", "#", "\"", "'", "`", "<", " ", "\t", "\n", "\r", "\r\n", "\x00", "\x01", "\v", "\x1f", "\x7f",
	"é", "\xff", "\xa0", "\xef\xbb\xbf",
	"[a]", "[b]", "[A]", "[]", "[a](!)", "[b](a)", "[c](a,b)", "[a](+)", "[b](+,!)", "[A](+,b)", "[a](+k=v)",
	"TEMPLATES=include", "TEMPLATES=restrict", "exec", "include ", "tryinclude ",
}

var fragmentLines = []string{
	"[a]", "[b]", "[a](!)", "[b](!)", "[c](a)", "[d](b,a)", "[a](+)", "[b](+)", "[a](+,!)", "[a](+k=v)", "[b](+TEMPLATES=include&k=v)",
	"k=v", "K = V", "k =", "k => v", "k+=w", "k+= w ; c", "k2+=", "x=a;b", `x=a\;b`, `\#k=1`, "no equals", ";-- block", "--;", "x=--;", "; comment",
	"#tryinclude inc/a.inc", "#include inc/b.inc", "#tryinclude inc/*.inc", "#include {t1,none}.conf", "#tryinclude t1.conf", "#include none.conf",
}

// arbitraryFile makes files of fragments and lines, a few of them longer than
// Asterisk's buffer.
func arbitraryFile() *rapid.Generator[[]byte] {
	fragment := rapid.SampledFrom(fragments)
	line := rapid.Map(rapid.SampledFrom(fragmentLines), func(s string) string { return "\n" + s + "\n" })
	long := rapid.Map(rapid.IntRange(60, 8300), func(n int) string { return strings.Repeat("x", n) })
	veryLong := rapid.Map(rapid.IntRange(8180, 20_000), func(n int) string { return strings.Repeat("y", n) })
	fragmentOrLine := rapid.Custom(func(t *rapid.T) string {
		switch n := rapid.IntRange(0, 99).Draw(t, "kind"); {
		case n == 0:
			return veryLong.Draw(t, "long")
		case n <= 2:
			return long.Draw(t, "long")
		case n < 50:
			return line.Draw(t, "line")
		}
		return fragment.Draw(t, "fragment")
	})
	return rapid.Custom(func(t *rapid.T) []byte {
		start := rapid.SampledFrom([]string{"[a]\n", "", "\xef\xbb\xbf[a]\n"}).Draw(t, "start")
		return []byte(start + strings.Join(rapid.SliceOfN(fragmentOrLine, 0, 40).Draw(t, "pieces"), ""))
	})
}

// validText makes texts that a file can carry, of all that could hurt.
func validText(shortest int) *rapid.Generator[string] {
	nasty := rapid.SampledFrom([]string{
		";", ";--", "--;", "--", "-", `\`, `\;`, "=", "=>", ">", "+", "#", "#include x", "[", "](!)", "(", ")", "!", ",", "`", `"`, `"""`, "'",
		" ", "%(x)s", "${x}", "DEFAULT", "\u00a0", "\u3000", "\u0085", "é", "你好", "\ufeff", "😀", "|", "&", "<", ":", "%",
	})
	part := rapid.OneOf(nasty, nasty, rapid.StringN(1, 8, -1))
	return rapid.Custom(func(t *rapid.T) string {
		text := strings.Join(rapid.SliceOfN(part, shortest, 8).Draw(t, "parts"), "")
		text = strings.Map(func(c rune) rune {
			if c < ' ' || c == 0x7f {
				return -1
			}
			return c
		}, text)
		return strings.Trim(text, " ")
	}).Filter(func(text string) bool { return len(text) >= shortest })
}

// validSection generates sections that a file can express, with repeated keys.
func validSection() *rapid.Generator[dialect.Section] {
	name := rapid.Map(rapid.OneOf(validText(1), rapid.Just("DEFAULT"), rapid.Just(" "), rapid.Just(" a ")), func(s string) string {
		return strings.ToValidUTF8(strings.ReplaceAll(s, "]", "")[:min(79, len(strings.ReplaceAll(s, "]", "")))], "")
	}).Filter(func(s string) bool { return s != "" })
	key := rapid.OneOf(rapid.SampledFrom([]string{"deny", "permit", "k"}), rapid.Map(validText(1), func(s string) string {
		return strings.TrimSpace(s[:1] + strings.ReplaceAll(s[1:], "=", ""))
	}).Filter(func(s string) bool { return s != "" }))
	line := rapid.Custom(func(t *rapid.T) dialect.Line {
		return dialect.Line{Key: key.Draw(t, "key"), Value: validText(0).Draw(t, "value")}
	})
	return rapid.Custom(func(t *rapid.T) dialect.Section {
		limit := rapid.SampledFrom([]int{6, 6, 60}).Draw(t, "most")
		return dialect.Section{Name: name.Draw(t, "name"), Lines: rapid.SliceOfN(line, 0, limit).Draw(t, "lines")}
	})
}

// writeSections writes sections that the writer must accept.
func writeSections(t require.TestingT, sections []dialect.Section) []byte {
	var file bytes.Buffer
	w := dialect.NewWriter(&file, &dialect.WriterOptions{RepeatSections: true})
	for _, s := range sections {
		require.NoError(t, w.Section(s))
	}
	require.NoError(t, w.Close())
	return file.Bytes()
}

// requireSections compares sections. It treats nil and empty lines as equal.
func requireSections(t require.TestingT, want, got []dialect.Section) {
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i].Name, got[i].Name)
		require.Len(t, got[i].Lines, len(want[i].Lines), want[i].Name)
		for j := range want[i].Lines {
			require.Equal(t, want[i].Lines[j], got[i].Lines[j])
		}
	}
}
