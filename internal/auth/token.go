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
	// tokenLength is the length of a token as text.
	tokenLength = 43
)

// NewToken returns a random token of 43 letters, digits, dashes and underscores,
// and its hash.
func NewToken(random io.Reader) (token store.Secret, hash []byte, err error) {
	text := make([]byte, tokenSize)
	if _, err := io.ReadFull(random, text); err != nil {
		return store.Secret{}, nil, fmt.Errorf("creating a token: %w", err)
	}
	token = store.NewSecret(base64.RawURLEncoding.EncodeToString(text))
	return token, HashToken(token), nil
}

// HashToken returns the SHA-256 of a token; nil for text that is not a token. A
// token is random and long, so it needs no slow hash.
func HashToken(token store.Secret) []byte {
	if len(token.Reveal()) != tokenLength {
		return nil
	}
	sum := sha256.Sum256([]byte(token.Reveal()))
	return sum[:]
}

// NewSessionEpoch returns a random first epoch of a new record, so that sessions of
// a deleted record are invalid for a new one with the same name.
func NewSessionEpoch(random io.Reader) (int64, error) {
	var epoch [8]byte
	if _, err := io.ReadFull(random, epoch[:]); err != nil {
		return 0, fmt.Errorf("creating a session epoch: %w", err)
	}
	// The epoch can increase without overflow.
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
