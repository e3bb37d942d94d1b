package passwords

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"

	"golang.org/x/crypto/argon2"
)

// The lengths of what Hash makes, and the bounds of what Check reads, in bytes:
// RFC 9106, section 3.1, but not more than anybody uses.
const (
	saltLength    = 16
	minSaltLength = 8
	maxSaltLength = 64
	tagLength     = 32
	minTagLength  = 16
	maxTagLength  = 64
)

// phc is an argon2id hash in the form of the Password Hashing Competition's
// string format: $argon2id$v=19$m=19456,t=2,p=1$SALT$TAG.
type phc struct {
	Params

	salt []byte
	tag  []byte
}

var phcPattern = regexp.MustCompile(
	`^\$argon2id\$v=19\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]?),p=([1-9][0-9]?)\$([A-Za-z0-9+/]{1,90})\$([A-Za-z0-9+/]{1,90})$`)

// phcBase64 is standard base64 without padding, in its one canonical form.
var phcBase64 = base64.RawStdEncoding.Strict()

// String returns the form that parsePHC reads.
func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Time, p.Threads,
		phcBase64.EncodeToString(p.salt), phcBase64.EncodeToString(p.tag))
}

// parsePHC reads a hash whose costs are within the bounds.
func parsePHC(hash string) (phc, bool) {
	parts := phcPattern.FindStringSubmatch(hash)
	if parts == nil {
		return phc{}, false
	}
	p := phc{Params: Params{
		Memory:  parseUint[uint32](parts[1]),
		Time:    parseUint[uint32](parts[2]),
		Threads: parseUint[uint8](parts[3]),
	}}
	var saltErr, tagErr error
	p.salt, saltErr = phcBase64.DecodeString(parts[4])
	p.tag, tagErr = phcBase64.DecodeString(parts[5])
	ok := saltErr == nil && tagErr == nil && p.Params == p.bounded() &&
		inRange(len(p.salt), minSaltLength, maxSaltLength) && inRange(len(p.tag), minTagLength, maxTagLength)
	return p, ok
}

// parseUint reads digits that phcPattern has bounded.
func parseUint[N uint8 | uint32](digits string) N {
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	return N(n)
}

func inRange(n, lo, hi int) bool { return n >= lo && n <= hi }

// needsRehash reports whether a new hash with those costs would be a better one.
func (p phc) needsRehash(want Params) bool {
	return p.weakerThan(want) || len(p.salt) < saltLength || len(p.tag) < tagLength
}
