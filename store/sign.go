package store

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// ErrBadSignature means that a signature was not made by the keyring for this
// message and this context.
var ErrBadSignature = errors.New("the signature is forged, or belongs to something else")

// Sign proves that whoever holds the keys wrote message, which it does not
// hide: HMAC-SHA-256 with a key derived from the primary key (HKDF, RFC 5869),
// so that no key has two uses. The context says what the message is, such as
// "pbxusers_audit/head": it is not stored, but only the same context verifies.
// The signature names its key, as what [Keyring.Seal] makes does, and
// [Keyring.IsPrimary] tells whether that is still the primary one.
func (k *Keyring) Sign(message []byte, context string) []byte {
	return k.currentKeys().primary.sign(message, context)
}

// Verify returns nil when [Keyring.Sign] made the signature for the same
// message and context, in a time that tells nothing of where it differs. It
// returns an [UnknownKeyError], or [ErrBadSignature]. A keyring of a key file reads
// the file again when it meets an unknown key, as [Keyring.Open] does.
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

// sign returns the header and the code of header, context and message. The
// length of the context tells where it ends and the message begins.
func (s *sealer) sign(message []byte, context string) []byte {
	code := hmac.New(sha256.New, s.signingKey)
	_, _ = code.Write(s.header)
	_, _ = code.Write(binary.BigEndian.AppendUint64(nil, uint64(len(context))))
	_, _ = code.Write([]byte(context))
	_, _ = code.Write(message)
	return code.Sum(bytes.Clone(s.header))
}

// signingKey derives the key of signatures from that of a keyring.
func signingKey(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "pbxusers signature", sha256.Size)
}
