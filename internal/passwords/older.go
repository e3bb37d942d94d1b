package passwords

import (
	"crypto/sha1" //nolint:gosec // what FreePBX has stored is SHA-1; it is replaced at the next login
	"crypto/subtle"
	"encoding/hex"
	"regexp"

	"golang.org/x/crypto/bcrypt"
)

// older is a hash of a form that is read, and no longer made.
type older struct {
	match func(password string) bool
	// limit is how many bytes of a password match looks at; 0 means all.
	limit int
}

func parseOlder(hash string) (older, bool) {
	for _, parse := range []func(string) (older, bool){parseBcrypt, parsePhpass, parseSHA1} {
		if old, ok := parse(hash); ok {
			return old, true
		}
	}
	return older{}, false
}

// bcryptPattern leaves out $2x$, which is the mark of hashes that an old
// version of crypt_blowfish computed wrongly.
var bcryptPattern = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$`)

// bcryptLimit is how much of a password bcrypt hashes.
const bcryptLimit = 72

// parseBcrypt reads what userman of FreePBX and PHP's password_hash make.
func parseBcrypt(hash string) (older, bool) {
	match := func(password string) bool {
		cut := password[:min(len(password), bcryptLimit)]
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(cut)) == nil
	}
	return older{match: match, limit: bcryptLimit}, bcryptPattern.MatchString(hash)
}

// parseSHA1 reads what ampusers of FreePBX makes: no salt, hexadecimal.
func parseSHA1(hash string) (older, bool) {
	kept, err := hex.DecodeString(hash)
	match := func(password string) bool {
		sum := sha1.Sum([]byte(password)) //nolint:gosec // see the import
		return subtle.ConstantTimeCompare(sum[:], kept) == 1
	}
	return older{match: match}, err == nil && len(kept) == sha1.Size
}
