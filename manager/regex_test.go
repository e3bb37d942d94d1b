package manager_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager"
)

func TestAcceptsRegex_portableExpressions(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		"a", "^Event: New", "^$|a", "a$", "(^a|b$)", "a|b|c", "((a)|(b))+", "a*b+c?", "(ab)*", "a{2}", "a{2,}", "a{2,3}", "a{0,255}", ".", ".*x",
		"[abc]", "[^abc]", "[a-z0-9_]", "[]a]", "[^]a]", "[-a]", "[a-]", "[^-a]", "[[]", "[a^]", "[.*+?(){}|$]", "[[:digit:]]", "[^[:cntrl:][:blank:]x]", "[[:alpha:]_-]+",
		`\.\[\]\{\}\(\)\*\+\?\^\$\|\\\/\-`, "]", "a]", "}", "a}", "a^b", "a$b", "-", "/", ";--", "`", `"`, "=", ">", "#", ",", "a b",
		"[!]a", "a!", strings.Repeat("x", 500),
	} {
		require.True(t, manager.AcceptsRegex(expression), expression)
	}
}

func TestAcceptsRegex_rejectsNonPortableExpressions(t *testing.T) {
	t.Parallel()
	for reason, expressions := range map[string][]string{
		"not an expression at all":                {"(", ")", "a(", "(a", "a)", "[", "[a", "[]", "[^]", "[z-a]", "[a", `\`, `a\`, "a{3,2}", "a{1001}"},
		"an escape of GNU or Perl":                {`\d`, `\w`, `\s`, `\b`, `\<`, `\>`, "\\`", `\'`, `\n`, `\t`, `\x41`, `\1`, `(a)\1`, `\Qa\E`, `\pL`, `\;`, `\ `, `\"`},
		"a group of Perl":                         {"(?i)a", "(?:a)", "(?=a)", "(?P<n>a)"},
		"nothing to repeat":                       {"*", "+a", "?", "(*a)", "a|*", "^*", "(^*a)", "{2}", "|{2}"},
		"a repetition of a repetition, or anchor": {"a**", "a*?", "a+?", "a??", "a++", "a{2}{3}", "a*{2}", "$*", "a$+", "^+", "a$?"},
		"an empty alternative":                    {"", "|", "a|", "|a", "a||b", "(a|)", "(|a)", "()", "a()", "(^)", "^", "a|^", "^|a", "(a|^)"},
		"a brace that is no interval":             {"a{", "a{b", "a{,3}", "a{1", "a{1,2", "a{}", "a{-1}", "a{1,2,3}", "a{ 1}"},
		"more than every library counts":          {"a{256}", "a{0,256}", "a{256,}", "a{999}"},
		"a bracket that is read in two ways": {
			`[\]]`, `[\d]`, `[a\]`, "[[.a.]]", "[[.hyphen.]]", "[[=a=]]", "[[:word:]]", "[[:^digit:]]", "[[:digit]", "[a[:]", "[:digit:]x[:",
			"[+-[:digit:]]", "[a-[:digit:]]", "[[:digit:]-z]", "[a-c-e]", "[--a]", "[+--]", "[!-~]", "[]-a]", "[ -z]",
		},
		"not ASCII":                {"é", "[é]", "密", "a\u00a0b"},
		"what no line can hold":    {"a\nb", "a\x00", "a\tb", " a", "a ", "\xff", "a\x7f"},
		"what Asterisk takes away": {"!a", "!"},
		"too long":                 {strings.Repeat("x", 501)},
	} {
		for _, expression := range expressions {
			require.False(t, manager.AcceptsRegex(expression), "%s: %q", reason, expression)
		}
	}
}

// FuzzRegex searches for accepted expressions that a second parser rejects, or
// that it accepts only on their own.
func FuzzRegex(f *testing.F) {
	f.Fuzz(func(t *testing.T, expression string) {
		if !manager.AcceptsRegex(expression) {
			return
		}
		_, err := regexp.CompilePOSIX(expression)
		require.NoError(t, err)
		if len(expression) > manager.MaxMatchLength/4 {
			return
		}
		for _, around := range []string{"(%s)", "x%s", "%sx", "(%s)|(%[1]s)", "[!]%s"} {
			require.True(t, manager.AcceptsRegex(fmt.Sprintf(around, expression)), around)
		}
	})
}

// TestAcceptsRegex_asteriskCompilesAccepted lets the C library compile many
// expressions. Asterisk logs a warning about each invalid one.
func TestAcceptsRegex_asteriskCompilesAccepted(t *testing.T) {
	t.Parallel()
	const accounts, each = 32, manager.MaxEventFilters
	p := startPBX(t, nil)
	generator := rapid.Custom(drawRegex)
	different := make(map[string]bool)
	for i := range accounts {
		a := &manager.Account{Name: fmt.Sprint("u", i), Read: manager.Call}
		for j := range each {
			expression := generator.Example(i*each + j)
			different[expression] = true
			a.EventFilters = append(a.EventFilters, exclude("", "", manager.MatchRegex, expression))
		}
		p.create(t, a)
	}
	require.Greater(t, len(different), accounts*each/2)
	p.apply(t)
	require.NotContains(t, p.Log(t), "WARNING[")
}
