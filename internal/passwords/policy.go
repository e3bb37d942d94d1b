package passwords

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/store"
)

// Policy says which passwords are good enough. The zero Policy is that of
// [DefaultPolicy].
type Policy struct {
	// MinLength is counted in characters. Defaults to 12.
	MinLength int
	// MinScore is the least score of zxcvbn, 0 to 4. Defaults to 3; -1 turns
	// the estimate off.
	MinScore int
	// Words are guessed first, such as the name of the product.
	Words []string
}

// DefaultPolicy asks for 12 characters and a score of 3, which is 10^8 guesses
// or more.
func DefaultPolicy() Policy { return Policy{MinLength: 12, MinScore: 3} }

// Check returns what is wrong with a password, on the field named field; words
// are the user's own, such as the username, which comes first. The codes are
// "min" and "max" (the length), "characters", "username" and "guessable".
//
// What is judged, and hashed, is the prepared form: blanks of any script are
// spaces, and characters are composed, as RFC 8265 wants it for passwords.
// Characters of any script will do, but no control characters.
func (p Policy) Check(field string, password store.Secret, words ...string) []store.FieldError {
	p = p.withDefaults()
	normalized, ok := normalize(password.Reveal())
	switch {
	case !ok:
		return []store.FieldError{tooLong(field)}
	case !isTypable(normalized):
		return []store.FieldError{{Field: field, Code: store.CodeCharacters, Message: "leave out control characters, and anything else that cannot be typed"}}
	}
	var errs []store.FieldError
	if utf8.RuneCountInString(normalized) < p.MinLength {
		errs = append(errs, tooShort(field, p.MinLength))
	}
	if len(words) > 0 && derivedFrom(normalized, words[0]) {
		errs = append(errs, store.FieldError{Field: field, Code: store.CodeUsername, Message: "this is made of the username; choose something that has nothing to do with it"})
	}
	if len(errs) == 0 && p.MinScore >= 0 && score(normalized, slices.Concat(words, p.Words)) < p.MinScore {
		errs = append(errs, store.FieldError{Field: field, Code: store.CodeGuessable, Message: "this is easy to guess; use several words that have nothing to do with each other, or have a password manager make one"})
	}
	return errs
}

func (p Policy) withDefaults() Policy {
	d := DefaultPolicy()
	if p.MinLength <= 0 {
		p.MinLength = d.MinLength
	}
	if p.MinScore == 0 {
		p.MinScore = d.MinScore
	}
	return p
}

func tooLong(field string) store.FieldError {
	return store.FieldError{Field: field, Code: store.CodeMax, Message: fmt.Sprintf("at most %d bytes are allowed, which is as many plain letters", MaxLength)}
}

func tooShort(field string, minimum int) store.FieldError {
	message := fmt.Sprintf("at least %d characters are needed; a few words with spaces between are easy to remember", minimum)
	if minimum == 1 {
		message = "a password is needed"
	}
	return store.FieldError{Field: field, Code: store.CodeMin, Message: message}
}
