package passwords_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/pbxusers/pbxusers/internal/passwords"
)

// The vectors are public ones: of the reference implementation of argon2, of
// crypt_blowfish, and of phpass and passlib.
func TestHasher_Verify_acceptsImportedHashes(t *testing.T) {
	t.Parallel()

	const first72 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	for _, c := range []struct {
		hash, password string
		outdated       bool
	}{
		{"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password", true}, // only 8 bytes of salt
		{"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password", true},
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U", true},
		{"$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*", true},
		{"$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U", true},
		{"$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", first72, true},
		{"$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", first72 + "chars after 72 are ignored", false},
		{"$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345", true},
		{"$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345", true},
		{"$P$FiS0N5L672xzQx1rt1vgdJQRYKnQM9/", "compL3X!", true},
		{"5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "password", true},
		{"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", "password", true},
	} {
		require.True(t, passwords.Supported(secret(c.hash)), c.hash)
		result, err := newCheapHasher().Verify(t.Context(), secret(c.hash), secret(c.password))
		require.NoError(t, err)
		require.Equal(t, passwords.Result{Match: true, NeedsRehash: c.outdated}, result, c.hash)

		for _, wrong := range []string{"x", "e\u0301"} { // the second one changes in its prepared form
			result, err = newCheapHasher().Verify(t.Context(), secret(c.hash), secret(wrong+c.password))
			require.NoError(t, err)
			require.False(t, result.Match, c.hash)
		}
	}
}

func TestHasher_Verify_comparesLegacyHashRawAndNormalized(t *testing.T) {
	t.Parallel()

	const ofComposed, ofDecomposed = "bf15be717ac1b080b4f1c456692825891ff5073d", "7e3fbcf1b6a69221cd8eef7442ef3b51a253bb49"
	for _, c := range []struct {
		hash, typed string
		match       bool
	}{
		{ofComposed, "\u00e9", true},
		{ofComposed, "e\u0301", true},
		{ofDecomposed, "e\u0301", true},
		{ofDecomposed, "\u00e9", false}, // there is no telling what was typed long ago
	} {
		result, err := newCheapHasher().Verify(t.Context(), secret(c.hash), secret(c.typed))
		require.NoError(t, err)
		require.Equal(t, c.match, result.Match, "%+q", c.typed)
	}
}

// The hash is of the first 72 bytes only, which are not the whole password as typed.
func TestHasher_Verify_keepsHashOfCutDecomposedPassword(t *testing.T) {
	t.Parallel()

	typed := strings.Repeat("x", 70) + "e\u0301" // 73 bytes, and 72 in the prepared form
	hash, err := bcrypt.GenerateFromPassword([]byte(typed[:72]), bcrypt.MinCost)
	require.NoError(t, err)
	result, err := newCheapHasher().Verify(t.Context(), secret(string(hash)), secret(typed))
	require.NoError(t, err)
	require.Equal(t, passwords.Result{Match: true}, result)
}

func TestHasher_Verify_rejectsEmptyPassword(t *testing.T) {
	t.Parallel()

	for _, hash := range []string{"da39a3ee5e6b4b0d3255bfef95601890afd80709", "$P$7JaFQsPzJSuenezefD/3jHgt5hVfNH0"} {
		result, err := newCheapHasher().Verify(t.Context(), secret(hash), secret(""))
		require.NoError(t, err)
		require.False(t, result.Match)
	}
}

// The bounds of RFC 9106, as far as they are in use.
func TestSupported_boundsSaltAndHash(t *testing.T) {
	t.Parallel()

	encode := base64.RawStdEncoding.EncodeToString
	for _, c := range []struct {
		salt, tag int
		want      bool
	}{{8, 16, true}, {64, 64, true}, {7, 32, false}, {65, 32, false}, {16, 15, false}, {16, 65, false}} {
		hash := "$argon2id$v=19$m=256,t=2,p=1$" + encode(make([]byte, c.salt)) + "$" + encode(make([]byte, c.tag))
		require.Equal(t, c.want, passwords.Supported(secret(hash)), "%d bytes of salt, %d of hash", c.salt, c.tag)
	}
}

func TestSupported_rejectsUnsupportedHashes(t *testing.T) {
	t.Parallel()

	const salt, tag = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	for what, hash := range map[string]string{
		"nothing":                            "",
		"plain text":                         "correct horse",
		"SHA-1, one digit short":             "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd",
		"SHA-1, not hexadecimal":             "5baa61e4c9b93f3f0682250b6cf8331b7ee68fdg",
		"SHA-256":                            strings.Repeat("5b", 32),
		"MD5":                                strings.Repeat("5b", 16),
		"crypt of SHA-512":                   "$6$saltsalt$" + strings.Repeat("x", 86),
		"bcrypt, too costly":                 "$2a$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt, cost 31":                    "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt, too cheap":                  "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt of the wrong kind":           "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"bcrypt, cut":                        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
		"bcrypt and more":                    "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
		"bcrypt and a line break":            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n",
		"phpass, too costly":                 "$P$LIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
		"phpass, too cheap":                  "$P$4IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
		"phpass, cut":                        "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L",
		"argon2i":                            "$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + tag,
		"argon2id of version 16":             "$argon2id$v=16$m=256,t=2,p=1$" + salt + "$" + tag,
		"argon2id, no version":               "$argon2id$m=256,t=2,p=1$" + salt + "$" + tag,
		"argon2id, another order":            "$argon2id$v=19$t=2,m=256,p=1$" + salt + "$" + tag,
		"argon2id, leading zero":             "$argon2id$v=19$m=0256,t=2,p=1$" + salt + "$" + tag,
		"argon2id, no time":                  "$argon2id$v=19$m=256,t=0,p=1$" + salt + "$" + tag,
		"argon2id, no lane":                  "$argon2id$v=19$m=256,t=2,p=0$" + salt + "$" + tag,
		"argon2id, too little memory":        "$argon2id$v=19$m=15,t=2,p=2$" + salt + "$" + tag,
		"argon2id, too much memory":          "$argon2id$v=19$m=262145,t=1,p=1$" + salt + "$" + tag,
		"argon2id, all the memory":           "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + tag,
		"argon2id, too many passes":          "$argon2id$v=19$m=256,t=17,p=1$" + salt + "$" + tag,
		"argon2id, too much work":            "$argon2id$v=19$m=262144,t=5,p=1$" + salt + "$" + tag,
		"argon2id, too many lanes":           "$argon2id$v=19$m=256,t=2,p=17$" + salt + "$" + tag,
		"argon2id, short salt":               "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbA$" + tag,
		"argon2id, short hash":               "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$c29tZXNhbHQ",
		"argon2id, loose base64":             "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHR$" + tag,
		"argon2id, loose base64 of the hash": "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + strings.TrimSuffix(tag, "4") + "5",
		"argon2id, padding":                  "$argon2id$v=19$m=256,t=2,p=1$" + salt + "=$" + tag,
		"argon2id, more behind":              "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + tag + "$x",
	} {
		require.False(t, passwords.Supported(secret(hash)), what)
		if hash != "" {
			_, err := newCheapHasher().Verify(t.Context(), secret(hash), secret("password"))
			require.ErrorIs(t, err, passwords.ErrUnsupportedHash, what)
		}
	}
}
