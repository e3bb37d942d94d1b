package passwords_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/secure/precis"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/passwords"
)

func codes(p passwords.Policy, password string, words ...string) []string {
	found := []string{}
	for _, fieldErr := range p.Check("password", secret(password), words...) {
		found = append(found, fieldErr.Code)
	}
	return found
}

func TestDefaultPolicy_checksPasswords(t *testing.T) {
	t.Parallel()

	for password, want := range map[string][]string{
		"ozone-plumage-2 fettle":        {},
		"kR7#vQ2!mZ9x":                  {},
		"жёлтый трамвай летит":          {},
		"马电池订书钉正确吗哪里有雨伞":                {},
		"👩‍🚀 likes ❤️ turnips":          {},
		strings.Repeat("ozone fe", 128): {}, // 1024 bytes
		"":                              {"min"},
		"short":                         {"min"},
		"elf chars é":                   {"min"},
		"password1234":                  {"guessable"},
		"P@ssw0rd1234":                  {"guessable"},
		"aaaaaaaaaaaaaaaa":              {"guessable"},
		"qwertyuiop[]asdf":              {"guessable"},
		"asterisk-pbx-2024":             {"guessable"},
		"4st3r1sk-pbxusers":             {"guessable"},
		"Acme Telecom 1984":             {"guessable"},
		"4cm3-T3l3c0m-84":               {"guessable"},
		"jane.admin":                    {"min", "username"},
		"JANE.ADMIN-is-my-name-9173":    {"username"},
		"my Jane.Admin umbrella fettle": {"username"},
		"ｊａｎｅ.admin umbrella fettle":    {"username"},
		"line\nbreak in the middle":     {"characters"},
		"null\x00byte in the middle":    {"characters"},
		"not UTF-8 \xff in the middle":  {"characters"},
		"unassigned \U000e1000 letter":  {"characters"},
		strings.Repeat("x", 1025):       {"max"},
		strings.Repeat("x", 10<<20):     {"max"},
	} {
		require.Equal(t, want, codes(passwords.Policy{}, password, "jane.admin", "Acme Telecom"), "%.60q", password)
		require.Equal(t, want, codes(passwords.DefaultPolicy(), password, "jane.admin", "Acme Telecom"), "%.60q", password)
	}
}

func TestPolicy_Check_allowsShortUsernameInsideWord(t *testing.T) {
	t.Parallel()

	p := passwords.Policy{MinScore: -1}
	require.Equal(t, []string{"username"}, codes(p, "jo-1984-jo-1984", "jo"))
	require.Equal(t, []string{"username"}, codes(p, "JoJoJoJoJoJo!!", "jo"))
	require.Empty(t, codes(p, "enjoyable ozone", "jo"))
	require.Equal(t, []string{"username"}, codes(p, "smithers-and-more", "smithers@example.com"))
	require.Empty(t, codes(p, "ozone plumage", ""))
	require.Empty(t, codes(p, "ozone plumage"))
}

func TestPolicy_Check_appliesOptions(t *testing.T) {
	t.Parallel()

	require.Empty(t, codes(passwords.Policy{MinLength: 4, MinScore: -1}, "1111"))
	require.Equal(t, []string{"min"}, codes(passwords.Policy{MinLength: 4, MinScore: -1}, "éíó"))
	require.Equal(t, []string{"min"}, codes(passwords.Policy{MinLength: 20, MinScore: -1}, "ozone-plumage-2"))
	own := []string{"hydroponics"}
	require.Empty(t, codes(passwords.Policy{}, "Hydroponics-77"))
	require.Equal(t, []string{"guessable"}, codes(passwords.Policy{Words: own}, "Hydroponics-77"))
	require.Equal(t, []string{"guessable"}, codes(passwords.Policy{Words: own}, "Hydr0p0n1cs-77"))
	require.Empty(t, codes(passwords.Policy{MinScore: 1, Words: own}, "Hydroponics-77"))
	require.Empty(t, codes(passwords.Policy{MinScore: 1, Words: own}, "Hydroponics-umbrella"))
	require.Equal(t, []string{"guessable"}, codes(passwords.Policy{MinScore: 4, Words: own}, "Hydroponics-umbrella"))
}

func TestPolicy_Check_namesFieldWithoutPassword(t *testing.T) {
	t.Parallel()

	for _, password := range []string{"short", "password1234", "jane.admin", "umbr\x07ella-fettle", strings.Repeat("fettle ", 200)} {
		for _, fieldErr := range (passwords.Policy{}).Check("new_password", secret(password), "jane.admin") {
			require.Equal(t, "new_password", fieldErr.Field)
			require.NotContains(t, fieldErr.Message, password)
			require.Regexp(t, `[;,] `, fieldErr.Message)
		}
	}
}

func TestPolicy_Check_doesNotModifyWords(t *testing.T) {
	t.Parallel()

	words := append(make([]string, 0, 8), "jane")
	codes(passwords.Policy{Words: []string{"other"}}, "ozone-plumage-2 fettle", words...)
	require.Empty(t, words[:2][1])
}

func TestPolicy_Check_acceptsOpaqueString(t *testing.T) {
	t.Parallel()

	p := passwords.Policy{MinLength: 1, MinScore: -1}
	opaque := passwordGenerator(func(password string) bool {
		_, err := precis.OpaqueString.String(password)
		return err == nil
	})
	rapid.Check(t, func(t *rapid.T) {
		require.Empty(t, codes(p, opaque.Draw(t, "password")))
	})
}

func FuzzPolicy(f *testing.F) {
	for _, password := range []string{"", "P@$$w0rd 4@8({[<369!1|70$5+%2", "\xff", "İİİİİİİİİİİİ", "1984-12-31/1/1", "ΐΐΐΐΐΐΐΐΐΐΐΐ", "aaaabcdeqwerty"} {
		f.Add(password, "jane.admin")
	}
	f.Fuzz(func(t *testing.T, password, word string) {
		for _, fieldErr := range (passwords.Policy{}).Check("password", secret(password), word) {
			require.NotEmpty(t, fieldErr.Code)
			require.True(t, utf8.ValidString(fieldErr.Message))
		}
	})
}

func BenchmarkPolicy(b *testing.B) {
	for name, password := range map[string]string{
		"typical": "ozone-plumage-2 fettle",
		"long":    strings.Repeat("ozone fe", 128),
		"l33t":    strings.Repeat("4@8({[<369!1|70$5+%2", 50),
		"emoji":   strings.Repeat("🦊", 200),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				passwords.Policy{}.Check("password", secret(password), "jane.admin")
			}
		})
	}
}
