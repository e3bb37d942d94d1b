package passwords

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/matching"

	"github.com/pbxusers/pbxusers/internal/username"
)

// minEmbeddedUsername is how many characters a username has that no password happens
// to contain.
const minEmbeddedUsername = 4

// derivedFrom reports whether a password is a username, or its part before the @,
// with nothing but digits, signs and repetition added, or, if that is long
// enough, contains it.
func derivedFrom(password, owner string) bool {
	owner, password = username.Fold(owner), username.Fold(password)
	local, _, _ := strings.Cut(owner, "@")
	for _, name := range []string{owner, local} {
		switch {
		case name == "" || !strings.Contains(password, name):
		case utf8.RuneCountInString(name) >= minEmbeddedUsername:
			return true
		case strings.IndexFunc(strings.ReplaceAll(password, name, ""), unicode.IsLetter) < 0:
			return true
		}
	}
	return false
}

// maxScoredBytes is how many bytes of a password are estimated: the time that zxcvbn
// takes grows with the square of the length, and is a few milliseconds here.
const maxScoredBytes = 72

// leetReplacers undo the letters that people write as digits and signs. What a
// digit stands for is not always one letter, hence two of them. They stand in
// for the l33t matcher of zxcvbn, which tries so many combinations that some
// passwords take it minutes, and which does not know the user's own words.
var leetReplacers = []*strings.Replacer{
	strings.NewReplacer("4", "a", "@", "a", "8", "b", "(", "c", "3", "e", "6", "g", "1", "i", "!", "i", "|", "i", "0", "o", "$", "s", "5", "s", "+", "t", "7", "t", "%", "x", "2", "z"),
	strings.NewReplacer("4", "a", "@", "a", "8", "b", "{", "c", "3", "e", "9", "g", "1", "l", "!", "i", "|", "l", "0", "o", "$", "s", "5", "s", "+", "t", "7", "l", "%", "x", "2", "z"),
}

// score returns the score of zxcvbn, 0 to 4, where a guesser knows the words,
// and what this software is about.
func score(password string, words []string) int {
	password, words = truncate(password, maxScoredBytes), dictionary(words)
	best := zxcvbn.PasswordStrength(password, words, matching.FilterL33tMatcher).Score
	for _, replacer := range leetReplacers {
		if unleeted := replacer.Replace(password); unleeted != password {
			best = min(best, zxcvbn.PasswordStrength(unleeted, words, matching.FilterL33tMatcher).Score)
		}
	}
	return best
}

// dictionary returns what is guessed first: the words, and their parts.
func dictionary(words []string) []string {
	all := []string{"asterisk", "pbx", "pbxusers"}
	for _, word := range words {
		word = strings.ToLower(word)
		parts := strings.FieldsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		all = append(append(all, word), parts...)
	}
	return all
}

// truncate returns as many whole characters of s as fit into n bytes.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
