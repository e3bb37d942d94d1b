package secondfactor

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/pbxusers/pbxusers/store"
)

// A recovery code is 10 random bytes in the base 32 of Douglas Crockford, which
// has no letters that look like digits: 16 characters in groups of 4.
const (
	recoveryBytes  = 10
	recoveryLength = 16
	groupLength    = 4
)

var recoveryBase32 = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// RecoveryCodes returns n random codes of 80 bits each, in groups that people
// can copy (xxxx-xxxx-xxxx-xxxx), and what to keep of them: their hashes,
// SHA-256 without salt, which is enough for what nobody can guess.
func RecoveryCodes(random io.Reader, n int) (codes []store.Secret, hashes [][]byte, err error) {
	for range n {
		var secret [recoveryBytes]byte
		if _, err := io.ReadFull(random, secret[:]); err != nil {
			return nil, nil, fmt.Errorf("make a recovery code: %w", err)
		}
		code := recoveryBase32.EncodeToString(secret[:])
		codes = append(codes, store.NewSecret(grouped(code)))
		hashes = append(hashes, recoveryHash(code))
	}
	return codes, hashes, nil
}

func grouped(code string) string {
	var groups []string
	for at := 0; at < len(code); at += groupLength {
		groups = append(groups, code[at:at+groupLength])
	}
	return strings.Join(groups, "-")
}

func recoveryHash(code string) []byte {
	hash := sha256.Sum256([]byte(code))
	return hash[:]
}

// MatchRecovery returns which of the hashes is that of code, however it is
// grouped and in whatever case, or -1. Letters that no code has are read as
// what they look like.
func MatchRecovery(hashes [][]byte, code string) int {
	plain := readRecovery(code)
	if len(plain) != recoveryLength {
		return -1
	}
	found, hash := -1, recoveryHash(plain)
	for i, kept := range hashes {
		if subtle.ConstantTimeCompare(kept, hash) == 1 {
			found = i
		}
	}
	return found
}

// lookalikes are the letters that a code cannot hold, and what was meant.
var lookalikes = strings.NewReplacer("i", "1", "l", "1", "o", "0", "u", "v")

// readRecovery returns what was typed as RecoveryCodes would have written it,
// without groups.
func readRecovery(typed string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Dash, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, withoutBlanks(typed))
	return lookalikes.Replace(plain)
}
