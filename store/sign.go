package store

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// ErrBadSignature means that the keyring did not sign this message in this context.
var ErrBadSignature = errors.New("the signature is forged or belongs to another message")

// Sign authenticates message without encrypting it: HMAC-SHA-256 with a key that is
// derived from the primary key (HKDF, RFC 5869), so that no key has two uses. The
// context identifies the kind of message, such as "pbxusers_audit/head". It is not
// stored, but needed to verify. The signature names its key; see
// [Keyring.IsPrimary].
func (k *Keyring) Sign(message []byte, context string) []byte {
	return k.currentKeys().primary.sign(message, context)
}

// Verify returns nil if [Keyring.Sign] made the signature of message in the same
// context. It takes constant time. It returns an [UnknownKeyError] or
// [ErrBadSignature]. A keyring of a key file reads the file again for an unknown
// key, like [Keyring.Open].
func (k *Keyring) Verify(signature, message []byte, context string) error {
	key, err := k.keyFor(signature)
	if errors.Is(err, ErrDecrypt) {
		return ErrBadSignature
	}
	if err != nil {
		return err
	}
	if !hmac.Equal(signature, key.sign(message, context)) {
		return ErrBadSignature
	}
	return nil
}

// sign returns the header and the HMAC of header, context and message. The length
// of the context separates it from the message.
func (s *sealer) sign(message []byte, context string) []byte {
	code := hmac.New(sha256.New, s.signingKey)
	_, _ = code.Write(s.header)
	_, _ = code.Write(binary.BigEndian.AppendUint64(nil, uint64(len(context))))
	_, _ = code.Write([]byte(context))
	_, _ = code.Write(message)
	return code.Sum(bytes.Clone(s.header))
}

// signingKey derives the signing key from a key of a keyring.
func signingKey(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "pbxusers signature", sha256.Size)
}
