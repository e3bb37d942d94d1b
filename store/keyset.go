package store

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// sealVersion is the first byte of encrypted values. The format of version 1: the
// version, the length of the key's ID, the ID, a random nonce, and the output of
// AES-GCM. Everything before the nonce is authenticated together with the context.
const sealVersion = 1

// keySet is an immutable set of keys.
type keySet struct {
	primary *sealer
	byID    map[string]*sealer
	// keys are in the order of the file.
	keys []Key
	// fileInfo describes the file of the keys; nil if the file must be read again.
	fileInfo fs.FileInfo
}

func newKeySet(keys []Key) (*keySet, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("a keyring needs at least one key")
	}
	set := &keySet{byID: make(map[string]*sealer, len(keys)), keys: slices.Clone(keys)}
	for i, key := range keys {
		s, err := newSealer(key)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if set.byID[key.ID] != nil {
			return nil, fmt.Errorf("key %d: the id is not unique", i+1)
		}
		set.byID[key.ID] = s
	}
	set.primary = set.byID[keys[0].ID]
	return set, nil
}

// sameFile reports whether info is the file that the keys were read from,
// unmodified.
func (s *keySet) sameFile(info fs.FileInfo) bool {
	return s.fileInfo != nil && os.SameFile(s.fileInfo, info) && s.fileInfo.Size() == info.Size() && s.fileInfo.ModTime().Equal(info.ModTime())
}

// sealer is a key with its AES key schedule, which costs more than encrypting a
// short value.
type sealer struct {
	id     string
	header []byte
	aead   cipher.AEAD
	// signingKey is the key of signatures.
	signingKey []byte
}

func newSealer(key Key) (*sealer, error) {
	if !validKeyID(key.ID) {
		return nil, fmt.Errorf("the id must be 1 to %d letters, digits, dots, dashes and underscores", maxKeyID)
	}
	secret := []byte(key.Secret.Reveal())
	if len(secret) != KeySize {
		return nil, fmt.Errorf("the key must be %d bytes", KeySize)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	signing, err := signingKey(secret)
	if err != nil {
		return nil, err
	}
	header := append([]byte{sealVersion, byte(len(key.ID))}, key.ID...) //nolint:gosec // at most maxKeyID
	return &sealer{id: key.ID, header: header, aead: aead, signingKey: signing}, nil
}

func (s *sealer) seal(plaintext []byte, context string) []byte {
	sealed := make([]byte, len(s.header), len(s.header)+len(plaintext)+s.aead.Overhead())
	copy(sealed, s.header)
	return s.aead.Seal(sealed, nil, plaintext, s.additionalData(context)) //nolint:gosec // this AEAD draws the nonce itself
}

// open requires that sealed starts with the header.
func (s *sealer) open(sealed []byte, context string) ([]byte, error) {
	plaintext, err := s.aead.Open(nil, nil, sealed[len(s.header):], s.additionalData(context))
	if err != nil {
		return nil, ErrDecrypt
	}
	return plaintext, nil
}

func (s *sealer) additionalData(context string) []byte {
	data := make([]byte, 0, len(s.header)+len(context))
	return append(append(data, s.header...), context...)
}

// sealedKeyID returns the ID at the start of an encrypted value, not authenticated.
func sealedKeyID(sealed []byte) ([]byte, error) {
	if len(sealed) < 2 || sealed[0] != sealVersion {
		return nil, ErrDecrypt
	}
	length, rest := int(sealed[1]), sealed[2:]
	if length > len(rest) || !validKeyID(string(rest[:length])) {
		return nil, ErrDecrypt
	}
	return rest[:length], nil
}

// validKeyID rejects unreadable or hostile IDs in key files and errors.
func validKeyID(id string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	return id != "" && len(id) <= maxKeyID && strings.Trim(id, allowed) == ""
}
