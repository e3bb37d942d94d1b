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

// seal gives e its fingerprint of a record, its hash and its signature. No
// fingerprint is made when sealed is nil.
func (e *Entry) seal(keyring *store.Keyring, previous Hash, sealed []byte) {
	var key []byte
	if sealed != nil {
		key = make([]byte, fingerprintKeySize)
		_, _ = rand.Read(key) // it never fails: it ends the program instead
		e.Fingerprint = fingerprint(key, sealed)
	}
	e.Hash = e.chained(previous)
	e.Signature = keyring.Seal(key, e.place())
}

// open proves the signature of e for its hash, and returns the key of its
// fingerprint.
func (e *Entry) open(keyring *store.Keyring) ([]byte, error) {
	key, err := keyring.Open(e.Signature, e.place())
	if errors.Is(err, store.ErrUnsealable) {
		return nil, store.ErrForged
	}
	return key, err
}

// place is the context that the signature of e is made for.
func (e *Entry) place() string {
	return "pbxusers_audit/" + strconv.FormatInt(e.Sequence, 10) + "/" + e.Hash.String()
}

// Resign makes the signature of e with the primary key of keyring when an
// older key made it, and reports whether it did. It needs the sequence, the
// hash and the signature of e, and changes the signature alone. It returns
// [store.ErrForged] when the keyring did not sign e, or a
// [store.UnknownKeyError]: such an entry is best left as it is, so that
// [Trail.Verify] goes on telling of it.
func (e *Entry) Resign(keyring *store.Keyring) (bool, error) {
	if keyring.Current(e.Signature) {
		return false, nil
	}
	key, err := e.open(keyring)
	if err != nil {
		return false, err
	}
	e.Signature = keyring.Seal(key, e.place())
	return true, nil
}

// sign gives h its signature.
func (h *Head) sign(keyring *store.Keyring) {
	h.Signature = keyring.Sign(h.Hash, h.place())
}

// verify proves the signature of h.
func (h *Head) verify(keyring *store.Keyring) error {
	return keyring.Verify(h.Signature, h.Hash, h.place())
}

func (h *Head) place() string {
	return "pbxusers_audit/head/" + strconv.FormatInt(h.Sequence, 10)
}

// Resign makes the signature of h with the primary key of keyring when an
// older key made it, and reports whether it did. The zero Head needs none. It
// returns what Resign of [Entry] does.
func (h *Head) Resign(keyring *store.Keyring) (bool, error) {
	if h.Sequence == 0 || keyring.Current(h.Signature) {
		return false, nil
	}
	if err := h.verify(keyring); err != nil {
		return false, err
	}
	h.sign(keyring)
	return true, nil
}

func fingerprint(key, sealed []byte) []byte {
	code := hmac.New(sha256.New, key)
	_, _ = code.Write(sealed)
	return code.Sum(nil)
}
