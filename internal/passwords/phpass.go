package passwords

import (
	"crypto/md5" //nolint:gosec // what phpass has stored is MD5, many times over; it is replaced at the next login
	"crypto/subtle"
	"regexp"
	"strings"
)

// phpassDigits are the digits of phpass's base 64, of 6 bits each.
const phpassDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// phpassPattern is the form of the portable hashes of phpass, and of phpBB,
// which writes H for P: the number of rounds as a power of 2, from 7 ("5") to
// 22 ("K"), 8 bytes of salt, and the hash.
var phpassPattern = regexp.MustCompile(`^\$[PH]\$[5-9A-K][./0-9A-Za-z]{8}[./0-9A-Za-z]{22}$`)

// parsePhpass reads the portable hashes of phpass, such as WordPress kept.
func parsePhpass(hash string) (legacyHash, bool) {
	if !phpassPattern.MatchString(hash) {
		return legacyHash{}, false
	}
	rounds := 1 << strings.IndexByte(phpassDigits, hash[3])
	salt, stored := hash[4:12], hash[12:]
	match := func(password string) bool {
		sum := phpassSum(password, salt, rounds)
		return subtle.ConstantTimeCompare([]byte(sum), []byte(stored)) == 1
	}
	return legacyHash{match: match}, true
}

func phpassSum(password, salt string, rounds int) string {
	sum := md5.Sum([]byte(salt + password)) //nolint:gosec // see the import
	block := append(sum[:], password...)
	for range rounds {
		sum = md5.Sum(block) //nolint:gosec // see the import
		copy(block, sum[:])
	}
	return phpassEncode(sum)
}

// phpassEncode writes 3 bytes as 4 digits, the lowest bits first, and the last byte as 2.
func phpassEncode(sum [md5.Size]byte) string {
	var out strings.Builder
	value, bits := 0, 0
	for _, b := range sum {
		value |= int(b) << bits
		for bits += 8; bits >= 6; bits -= 6 {
			out.WriteByte(phpassDigits[value&63])
			value >>= 6
		}
	}
	out.WriteByte(phpassDigits[value])
	return out.String()
}
