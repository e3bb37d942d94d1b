package passwords

import (
	"crypto/sha1" //nolint:gosec // what FreePBX has stored is SHA-1; it is replaced at the next login
	"crypto/subtle"
	"encoding/hex"
	"regexp"

	"golang.org/x/crypto/bcrypt"
)

// legacyHash is a hash of a form that is read, and no longer made.
type legacyHash struct {
	match func(password string) bool
	// maxLength is how many bytes of a password match looks at; 0 means all.
	maxLength int
}

func parseLegacy(hash string) (legacyHash, bool) {
	for _, parse := range []func(string) (legacyHash, bool){parseBcrypt, parsePhpass, parseSHA1} {
		if legacy, ok := parse(hash); ok {
			return legacy, true
		}
	}
	return legacyHash{}, false
}

// bcryptPattern leaves out $2x$, which is the mark of hashes that an old
// version of crypt_blowfish computed wrongly.
var bcryptPattern = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$`)

// bcryptLimit is how much of a password bcrypt hashes.
const bcryptLimit = 72

// parseBcrypt reads what userman of FreePBX and PHP's password_hash make.
func parseBcrypt(hash string) (legacyHash, bool) {
	match := func(password string) bool {
		cut := password[:min(len(password), bcryptLimit)]
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(cut)) == nil
	}
	return legacyHash{match: match, maxLength: bcryptLimit}, bcryptPattern.MatchString(hash)
}

// parseSHA1 reads what ampusers of FreePBX makes: no salt, hexadecimal.
func parseSHA1(hash string) (legacyHash, bool) {
	stored, err := hex.DecodeString(hash)
	match := func(password string) bool {
		sum := sha1.Sum([]byte(password)) //nolint:gosec // see the import
		return subtle.ConstantTimeCompare(sum[:], stored) == 1
	}
	return legacyHash{match: match}, err == nil && len(stored) == sha1.Size
}
