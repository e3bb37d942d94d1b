package ampusers

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/pbxusers/pbxusers/store"
)

const (
	tokenSize = 32
	// tokenLength is that of a token as text.
	tokenLength = 43
)

// newToken returns a random token, and what to keep of it.
func (s *Service) newToken() (token store.Secret, hash []byte, err error) {
	random := make([]byte, tokenSize)
	if _, err := io.ReadFull(s.random, random); err != nil {
		return store.Secret{}, nil, fmt.Errorf("making a token: %w", err)
	}
	token = store.NewSecret(base64.RawURLEncoding.EncodeToString(random))
	return token, hashToken(token), nil
}

// hashToken returns what is kept of a token; nil of what can be none. A token
// is random and long: it takes no slow hash.
func hashToken(token store.Secret) []byte {
	if len(token.Reveal()) != tokenLength {
		return nil
	}
	sum := sha256.Sum256([]byte(token.Reveal()))
	return sum[:]
}
