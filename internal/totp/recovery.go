package totp

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
	recoveryCodeBytes  = 10
	recoveryCodeLength = 16
	groupLength        = 4
)

var recoveryBase32 = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewRecoveryCodes returns n random codes of 80 bits each, in groups that people
// can copy (xxxx-xxxx-xxxx-xxxx), and what to keep of them: their hashes,
// SHA-256 without salt, which is enough for what nobody can guess.
func NewRecoveryCodes(random io.Reader, n int) (codes []store.Secret, hashes [][]byte, err error) {
	for range n {
		var secret [recoveryCodeBytes]byte
		if _, err := io.ReadFull(random, secret[:]); err != nil {
			return nil, nil, fmt.Errorf("make a recovery code: %w", err)
		}
		code := recoveryBase32.EncodeToString(secret[:])
		codes = append(codes, store.NewSecret(formatGroups(code)))
		hashes = append(hashes, hashRecoveryCode(code))
	}
	return codes, hashes, nil
}

func formatGroups(code string) string {
	var groups []string
	for at := 0; at < len(code); at += groupLength {
		groups = append(groups, code[at:at+groupLength])
	}
	return strings.Join(groups, "-")
}

func hashRecoveryCode(code string) []byte {
	hash := sha256.Sum256([]byte(code))
	return hash[:]
}

// MatchRecoveryCode returns which of the hashes is that of code, however it is
// grouped and in whatever case, or -1. Letters that no code has are read as
// what they look like.
func MatchRecoveryCode(hashes [][]byte, code string) int {
	normalized := normalizeRecoveryCode(code)
	if len(normalized) != recoveryCodeLength {
		return -1
	}
	found, hash := -1, hashRecoveryCode(normalized)
	for i, stored := range hashes {
		if subtle.ConstantTimeCompare(stored, hash) == 1 {
			found = i
		}
	}
	return found
}

// crockfordAliases are the letters that a code cannot hold, and what was meant.
var crockfordAliases = strings.NewReplacer("i", "1", "l", "1", "o", "0", "u", "v")

// normalizeRecoveryCode returns what was typed as NewRecoveryCodes would have written it,
// without groups.
func normalizeRecoveryCode(input string) string {
	normalized := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Dash, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, stripSpaces(input))
	return crockfordAliases.Replace(normalized)
}
