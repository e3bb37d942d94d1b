package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
)

// KeySize is the size of an AES-256 key in bytes.
const KeySize = 32

// maxKeyID is the maximum length of the ID of a key. Every encrypted value starts
// with it.
const maxKeyID = 64

// ErrDecrypt means that an encrypted value was modified or truncated, or was
// encrypted in another context.
var ErrDecrypt = errors.New("the encrypted value was modified or belongs to another context")

// UnknownKeyError means that a value was encrypted with a key that is not in the
// keyring. Restore that key.
type UnknownKeyError struct {
	// ID is the ID of the missing key.
	ID string
}

func (e *UnknownKeyError) Error() string {
	return "the value is encrypted with key " + e.ID + ", which is not in the keyring; restore that key"
}

// Key is one key of a [Keyring].
type Key struct {
	// ID identifies the key in encrypted values: 1 to 64 letters, digits, dots,
	// dashes and underscores. Never use an ID for another key.
	ID string
	// Secret is the key itself, [KeySize] random bytes.
	Secret Secret
}

// GenerateKey returns a random key with a random ID.
func GenerateKey() Key {
	secret, id := make([]byte, KeySize), make([]byte, 8)
	_, _ = rand.Read(secret) // it never fails
	_, _ = rand.Read(id)
	return Key{ID: hex.EncodeToString(id), Secret: NewSecret(string(secret))}
}

// Keyring encrypts values that must be readable again, such as AMI secrets, with
// AES-256-GCM. The primary key encrypts, and all keys decrypt. Encrypted values
// name their key, so that keys can be rotated. A Keyring comes from [OpenKeyring]
// or [NewKeyring], is safe for concurrent use, and never prints a key.
type Keyring struct {
	keys atomic.Pointer[keySet]
	// rotateMu serializes rotations and reloads of this process.
	rotateMu sync.Mutex
	// path is the path of the key file, empty for [NewKeyring].
	path string
}

// NewKeyring returns a keyring of keys that the caller stores, for example in a
// vault. The first one is the primary key.
func NewKeyring(keys ...Key) (*Keyring, error) {
	set, err := newKeySet(keys)
	if err != nil {
		return nil, err
	}
	k := &Keyring{}
	k.keys.Store(set)
	return k, nil
}

// Seal encrypts plaintext. The context identifies the place of the value, such as
// "pbxusers_ami_accounts/crm/secret". It is not stored, but needed to decrypt, so
// that a value cannot be moved to another place. The primary key is that of the
// current key file: another process may have rotated the keys.
func (k *Keyring) Seal(plaintext []byte, context string) []byte {
	return k.currentKeys().primary.seal(plaintext, context)
}

// Open decrypts a value of [Keyring.Seal] with the same context. It returns an
// [UnknownKeyError] or [ErrDecrypt]. A keyring of a key file reads the file again
// for an unknown key: another process may have rotated the keys.
func (k *Keyring) Open(sealed []byte, context string) ([]byte, error) {
	key, err := k.keyFor(sealed)
	if err != nil {
		return nil, err
	}
	return key.open(sealed, context)
}

// keyFor returns the key of an encrypted value or a signature.
func (k *Keyring) keyFor(sealed []byte) (*sealer, error) {
	id, err := sealedKeyID(sealed)
	if err != nil {
		return nil, err
	}
	key := k.keys.Load().byID[string(id)]
	if key == nil && k.path != "" {
		if err := k.reload(); err != nil {
			return nil, err
		}
		key = k.keys.Load().byID[string(id)]
	}
	if key == nil {
		return nil, &UnknownKeyError{ID: string(id)}
	}
	return key, nil
}

// IsPrimary reports whether a value of [Keyring.Seal] or [Keyring.Sign] uses the
// primary key of the current key file. After a rotation, other values must be
// encrypted or signed again.
func (k *Keyring) IsPrimary(sealed []byte) bool {
	id, err := sealedKeyID(sealed)
	return err == nil && string(id) == k.currentKeys().primary.id
}

// String returns the ID of the primary key and no secret.
func (k *Keyring) String() string { return "keyring of primary key " + k.keys.Load().primary.id }

// GoString hides the keys from %#v.
func (k *Keyring) GoString() string { return k.String() }

// Format hides the keys from package fmt.
func (k *Keyring) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, k.String()) }

// LogValue hides the keys from package slog.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText hides the keys from JSON and other encodings.
func (k *Keyring) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
