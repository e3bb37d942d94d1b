package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strconv"

	"github.com/pbxusers/pbxusers/store"
)

// The signature of an entry is what the keyring seals for the entry's hash: it
// opens for that hash only, which proves it, and it holds the key of the
// entry's fingerprint. A fingerprint made with a key of the keyring itself
// would be lost together with that key, since it is part of the hash and
// cannot be made again; and one made without a key would let whoever reads the
// database try AMI secrets against it.

// fingerprintKeySize is the length of the key of a fingerprint in bytes.
const fingerprintKeySize = 32

// sign gives e its fingerprint of a record, its hash and its signature. No
// fingerprint is made when sealed is nil.
func (e *Entry) sign(keyring *store.Keyring, previous Hash, state []byte) {
	var key []byte
	if state != nil {
		key = make([]byte, fingerprintKeySize)
		_, _ = rand.Read(key) // it never fails: it ends the program instead
		e.Fingerprint = computeFingerprint(key, state)
	}
	e.Hash = e.chainHash(previous)
	e.Signature = keyring.Seal(key, e.signatureContext())
}

// openSignature proves the signature of e for its hash, and returns the key of its
// fingerprint.
func (e *Entry) openSignature(keyring *store.Keyring) ([]byte, error) {
	key, err := keyring.Open(e.Signature, e.signatureContext())
	if errors.Is(err, store.ErrDecrypt) {
		return nil, store.ErrBadSignature
	}
	return key, err
}

// signatureContext is the context that the signature of e is made for.
func (e *Entry) signatureContext() string {
	return "pbxusers_audit/" + strconv.FormatInt(e.Sequence, 10) + "/" + e.Hash.String()
}

// RefreshSignature makes the signature of e with the primary key of keyring when an
// older key made it, and reports whether it did. It needs the sequence, the
// hash and the signature of e, and changes the signature alone. It returns
// [store.ErrBadSignature] when the keyring did not sign e, or a
// [store.UnknownKeyError]: such an entry is best left as it is, so that
// [Log.Verify] goes on telling of it.
func (e *Entry) RefreshSignature(keyring *store.Keyring) (bool, error) {
	if keyring.IsPrimary(e.Signature) {
		return false, nil
	}
	key, err := e.openSignature(keyring)
	if err != nil {
		return false, err
	}
	e.Signature = keyring.Seal(key, e.signatureContext())
	return true, nil
}

// sign gives h its signature.
func (h *Head) sign(keyring *store.Keyring) {
	h.Signature = keyring.Sign(h.Hash, h.signatureContext())
}

// verify proves the signature of h.
func (h *Head) verify(keyring *store.Keyring) error {
	return keyring.Verify(h.Signature, h.Hash, h.signatureContext())
}

func (h *Head) signatureContext() string {
	return "pbxusers_audit/head/" + strconv.FormatInt(h.Sequence, 10)
}

// RefreshSignature makes the signature of h with the primary key of keyring when an
// older key made it, and reports whether it did. The zero Head needs none. It
// returns what Resign of [Entry] does.
func (h *Head) RefreshSignature(keyring *store.Keyring) (bool, error) {
	if h.Sequence == 0 || keyring.IsPrimary(h.Signature) {
		return false, nil
	}
	if err := h.verify(keyring); err != nil {
		return false, err
	}
	h.sign(keyring)
	return true, nil
}

func computeFingerprint(key, state []byte) []byte {
	code := hmac.New(sha256.New, key)
	_, _ = code.Write(state)
	return code.Sum(nil)
}
