package username_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/username"
)

func TestValid_acceptsAnyScript(t *testing.T) {
	t.Parallel()

	for _, name := range []string{
		"j", "7", "jo", "jane.admin", "JANE", "007", "o-neil_2", "jane@example.com", "jane+pbx@example.com", "Zoë", "王小明", "Иван", "नमस्ते",
		"สำเนา", "Սևակ", "ישראל", "İpek", "Straße", "٣عمر", strings.Repeat("n", 64), strings.Repeat("王", 64), strings.Repeat("𠀀", 64),
	} {
		require.True(t, username.Valid(username.Normalize(name)), name)
	}
}

func TestValid_rejectsInvalidNames(t *testing.T) {
	t.Parallel()

	for what, name := range map[string]string{
		"empty":                         "",
		"too long":                      strings.Repeat("n", 65),
		"too long in 4-byte letters":    strings.Repeat("𠀀", 65),
		"too long to look at":           strings.Repeat("n", 10<<20),
		"a dot in front":                ".jane",
		"an @ in front":                 "@jane",
		"a plus in front":               "+jane",
		"a mark in front":               "\u0301jane",
		"a mark on a dot":               "jane.\u0301x",
		"a blank":                       "jane doe",
		"blanks around":                 " jane ",
		"a line break":                  "jane\ndoe",
		"a null byte":                   "jane\x00",
		"a slash":                       "jane/..",
		"markup":                        "<b>jane",
		"an emoji":                      "jane🦊",
		"not UTF-8":                     "jane\xff",
		"not NFC":                       "Zoe\u0308",
		"fullwidth letters":             "ｊａｎｅ",
		"a fullwidth digit":             "jane１",
		"a ligature":                    "ﬁnn",
		"a letter of mathematics":       "𝐣ane",
		"a circled digit":               "jane①",
		"a letter that shows as none":   "jane\u3164",
		"a filler of Hangul":            "jane\u115f",
		"a mark that shows as none":     "jane\ufe0f",
		"a joiner that shows as none":   "ja\u200dne",
		"a change of direction":         "jane\u202eenaj",
		"a soft hyphen":                 "ja\u00adne",
		"a mark that separates nothing": "ja\u034fne",
	} {
		require.False(t, username.Valid(name), what)
	}
}

func TestFold_equatesVariants(t *testing.T) {
	t.Parallel()

	for _, same := range [][]string{
		{"jane.admin", "Jane.Admin", "JANE.ADMIN", "ｊａｎｅ.ａｄｍｉｎ"},
		{"Zoë", "zoe\u0308", "ZOË", "ZOE\u0308"},
		{"straße", "STRASSE", "STRAẞE"},
		{"finn", "ﬁnn", "FINN"},
		{"νικος", "ΝΙΚΟΣ", "νικοσ"},
		{"ışık", "IŞIK", "işik", "İŞİK", "i\u0307şik"},
		{"i\u0323\u0307", "İ\u0323", "I\u0323", "i\u0323"},
		{"Иван", "ИВАН"},
		{"กำ", "กํา"},
		{"Kelvin", "\u212aelvin"},
		{"ᾳ", "ᾼ", "αι"},
		{"jane\xff", "JANE\ufffd", "jane\x80"},
	} {
		for _, name := range same {
			require.Equal(t, username.Fold(same[0]), username.Fold(name), "%q", name)
		}
	}
}

func TestFold_distinguishesNames(t *testing.T) {
	t.Parallel()

	seen := map[string]string{}
	for _, name := range []string{"jane", "jané", "jane.", "jane+", "ja.ne", "jane1", "王", "玉", "Иван", "ivan"} {
		folded := username.Fold(name)
		require.NotContains(t, seen, folded, name)
		seen[folded] = name
	}
}

// isSkippedCaseless reports whether r is one of the 100 000 characters of Chinese and
// Korean that have no case, of which one in a hundred is enough.
func isSkippedCaseless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hangul) && r%100 != 0
}

func TestFold_ignoresCaseOfValidNames(t *testing.T) {
	t.Parallel()

	accepted := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		name := "a" + string(r)
		if isSkippedCaseless(r) || !unicode.In(r, unicode.L, unicode.M, unicode.Nd) || !username.Valid(name) {
			continue
		}
		accepted++
		folded := username.Fold(name)
		if folded != username.Fold(strings.ToUpper(name)) || folded != username.Fold(strings.ToLower(name)) {
			require.Failf(t, "case matters", "%U", r)
		}
	}
	require.Greater(t, accepted, 20_000)
}

func TestFold_isIdempotent(t *testing.T) {
	t.Parallel()

	for r := rune(0); r <= unicode.MaxRune; r++ {
		if isSkippedCaseless(r) || !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.S) {
			continue
		}
		if folded := username.Fold(string(r)); folded != username.Fold(folded) {
			require.Failf(t, "folding twice differs", "%U", r)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		requireFoldInvariants(t, rapid.OneOf(rapid.String(), edgeCaseNames()).Draw(t, "name"))
	})
}

// edgeCaseNames draws names of the characters for which folding and normalising
// disturb each other.
func edgeCaseNames() *rapid.Generator[string] {
	return rapid.StringOf(rapid.RuneFrom([]rune(
		"aiIıİſßẞσςµΩÅǰŉǅﬀﬃᾳᾼῼΐ\u0345\u0307\u0323\u0301\u0338\u0f77\u0e33\ufdfa\u1e9b\u03d3\u212a\U0001d7ce\u13f8\uab70",
	)))
}

type testingT interface {
	Errorf(format string, args ...any)
	FailNow()
}

func requireFoldInvariants(t testingT, name string) {
	folded := username.Fold(name)
	require.Equal(t, folded, username.Fold(folded))
	require.True(t, utf8.ValidString(folded))
	require.True(t, norm.NFC.IsNormalString(folded))

	normal := username.Normalize(name)
	require.Equal(t, normal, username.Normalize(normal))
	if username.Valid(normal) {
		require.NotEmpty(t, folded)
		require.Equal(t, username.Fold(normal), username.Fold(strings.ToUpper(normal)))
		require.Equal(t, username.Fold(normal), username.Fold(strings.ToLower(normal)))
		require.Equal(t, username.Fold(normal), username.Fold(norm.NFD.String(normal)))
	}
}

func FuzzFold(f *testing.F) {
	for _, name := range []string{"", "jane.admin", "Zoë", "ışık", "\xff\xfe", "ﬁnn", " ｊａｎｅ ", "i\u0307\u0307", "ᾳ\u0345"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) { requireFoldInvariants(t, name) })
}

func BenchmarkFoldASCII(b *testing.B) {
	for b.Loop() {
		username.Fold("jane.admin@example.com")
	}
}
