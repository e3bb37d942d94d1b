package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strconv"

	"github.com/pbxusers/pbxusers/store"
)

// The signature of an entry is a value that the keyring encrypts in the context of
// the entry's hash. It can be decrypted only for that hash, which authenticates the
// hash. It contains the key of the entry's fingerprint. A fingerprint with a key of
// the keyring would be lost when that key is dropped, because it is part of the
// hash and cannot change. A fingerprint without a key would let a reader of the
// database test guesses of AMI secrets.

// fingerprintKeySize is the length of the key of a fingerprint in bytes.
const fingerprintKeySize = 32

// sign sets the fingerprint of a record, the hash and the signature of e. There is
// no fingerprint if state is nil.
func (e *Entry) sign(keyring *store.Keyring, previous Hash, state []byte) {
	var key []byte
	if state != nil {
		key = make([]byte, fingerprintKeySize)
		_, _ = rand.Read(key) // it never fails
		e.Fingerprint = computeFingerprint(key, state)
	}
	e.Hash = e.chainHash(previous)
	e.Signature = keyring.Seal(key, e.signatureContext())
}

// openSignature verifies the signature of e for its hash, and returns the key of
// its fingerprint.
func (e *Entry) openSignature(keyring *store.Keyring) ([]byte, error) {
	key, err := keyring.Open(e.Signature, e.signatureContext())
	if errors.Is(err, store.ErrDecrypt) {
		return nil, store.ErrBadSignature
	}
	return key, err
}

// signatureContext returns the context of the signature of e.
func (e *Entry) signatureContext() string {
	return "pbxusers_audit/" + strconv.FormatInt(e.Sequence, 10) + "/" + e.Hash.String()
}

// RefreshSignature signs e with the primary key of keyring if an older key signed
// it, and reports whether it did. It uses the sequence, the hash and the signature
// of e, and changes only the signature. It returns [store.ErrBadSignature] if the
// keyring did not sign e, or a [store.UnknownKeyError]. Leave such an entry
// unchanged, so that [Log.Verify] reports it.
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

// sign sets the signature of h.
func (h *Head) sign(keyring *store.Keyring) {
	h.Signature = keyring.Sign(h.Hash, h.signatureContext())
}

// verify verifies the signature of h.
func (h *Head) verify(keyring *store.Keyring) error {
	return keyring.Verify(h.Signature, h.Hash, h.signatureContext())
}

func (h *Head) signatureContext() string {
	return "pbxusers_audit/head/" + strconv.FormatInt(h.Sequence, 10)
}

// RefreshSignature signs h with the primary key of keyring if an older key signed
// it, and reports whether it did. The zero Head needs no signature. Errors are
// those of [Entry.RefreshSignature].
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
