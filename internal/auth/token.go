package auth

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

const (
	tokenSize = 32
	// tokenLength is that of a token as text.
	tokenLength = 43
)

// NewToken returns a random token of 43 letters, digits, dashes and
// underscores, and what to keep of it.
func NewToken(random io.Reader) (token store.Secret, hash []byte, err error) {
	text := make([]byte, tokenSize)
	if _, err := io.ReadFull(random, text); err != nil {
		return store.Secret{}, nil, fmt.Errorf("making a token: %w", err)
	}
	token = store.NewSecret(base64.RawURLEncoding.EncodeToString(text))
	return token, HashToken(token), nil
}

// HashToken returns what is kept of a token: SHA-256; nil of what can be none.
// A token is random and long: it takes no slow hash.
func HashToken(token store.Secret) []byte {
	if len(token.Reveal()) != tokenLength {
		return nil
	}
	sum := sha256.Sum256([]byte(token.Reveal()))
	return sum[:]
}

// NewSessionEpoch returns the random number that the sessions of a new record
// begin with: those of a deleted one are no sessions of a new one of that name.
func NewSessionEpoch(random io.Reader) (int64, error) {
	var epoch [8]byte
	if _, err := io.ReadFull(random, epoch[:]); err != nil {
		return 0, fmt.Errorf("making a session generation: %w", err)
	}
	// There is room above it to count up.
	return int64(binary.BigEndian.Uint64(epoch[:]) >> 2), nil
}

// NewID returns an ID of lower-case letters and digits for size random bytes. size is
// a multiple of 5; each 5 bytes are 8 characters.
func NewID(random io.Reader, size int) (string, error) {
	id := make([]byte, size)
	if _, err := io.ReadFull(random, id); err != nil {
		return "", fmt.Errorf("creating an ID: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(id)), nil
}
