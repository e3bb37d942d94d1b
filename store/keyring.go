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

// KeySize is the length of a key in bytes: that of AES-256.
const KeySize = 32

// maxKeyID bounds the length of a key's id, which precedes all that it seals.
const maxKeyID = 64

// ErrDecrypt means that a sealed value was changed, cut, or belongs to
// another place than the one it was opened for.
var ErrDecrypt = errors.New("the sealed value was changed or belongs elsewhere")

// UnknownKeyError says that a value was sealed with a key that the keyring
// does not hold. The way out is to put that key back.
type UnknownKeyError struct {
	// ID names the missing key.
	ID string
}

func (e *UnknownKeyError) Error() string {
	return "the value is sealed with key " + e.ID + ", which is not in the keyring; put that key back"
}

// Key is one key of a [Keyring].
type Key struct {
	// ID names the key in all that it seals: 1 to 64 letters, digits, dots,
	// dashes and underscores. Never use an id for another key.
	ID string
	// Secret is the key itself, [KeySize] random bytes.
	Secret Secret
}

// GenerateKey makes a random key with a random id.
func GenerateKey() Key {
	secret, id := make([]byte, KeySize), make([]byte, 8)
	_, _ = rand.Read(secret) // it never fails: it ends the program instead
	_, _ = rand.Read(id)
	return Key{ID: hex.EncodeToString(id), Secret: NewSecret(string(secret))}
}

// Keyring seals what must be readable again, such as the AMI secrets that
// Asterisk needs in clear, with AES-256-GCM: the primary key seals, all keys
// open. What is sealed names its key, so keys can be changed one after the
// other. A Keyring comes from [OpenKeyring] or [NewKeyring], may be used from
// many goroutines, and never prints a key.
type Keyring struct {
	keys atomic.Pointer[keySet]
	// rotateMu keeps two rotations and reloads of this process apart.
	rotateMu sync.Mutex
	// path is the key file, empty when the embedder holds the keys.
	path string
}

// NewKeyring makes a keyring of keys that the embedder keeps elsewhere, such
// as in a vault. The first one is the primary key.
func NewKeyring(keys ...Key) (*Keyring, error) {
	set, err := newKeySet(keys)
	if err != nil {
		return nil, err
	}
	k := &Keyring{}
	k.keys.Store(set)
	return k, nil
}

// Seal encrypts plaintext. The context says where the value belongs, such as
// "pbxusers_ami_accounts/crm/secret": it is not stored, but only the same context
// opens the value, so that it is of no use in another place. The primary key
// is that of the key file as it is now: another process may have rotated.
func (k *Keyring) Seal(plaintext []byte, context string) []byte {
	return k.currentKeys().primary.seal(plaintext, context)
}

// Open decrypts what [Keyring.Seal] made for the same context. It returns an
// [UnknownKeyError], or [ErrDecrypt]. A keyring of a key file reads the
// file again when it meets an unknown key: another process may have rotated.
func (k *Keyring) Open(sealed []byte, context string) ([]byte, error) {
	key, err := k.keyFor(sealed)
	if err != nil {
		return nil, err
	}
	return key.open(sealed, context)
}

// keyFor returns the key that a sealed value or a signature names.
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

// IsPrimary reports whether sealed, which [Keyring.Seal] or [Keyring.Sign] made,
// names the primary key, that of the key file as it is now. What does not is
// due to be opened and sealed again, or verified and signed again, after a
// rotation.
func (k *Keyring) IsPrimary(sealed []byte) bool {
	id, err := sealedKeyID(sealed)
	return err == nil && string(id) == k.currentKeys().primary.id
}

// String names the primary key and no secret.
func (k *Keyring) String() string { return "keyring of primary key " + k.keys.Load().primary.id }

// GoString keeps %#v from showing the keys.
func (k *Keyring) GoString() string { return k.String() }

// Format keeps every verb of package fmt from showing the keys.
func (k *Keyring) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, k.String()) }

// LogValue keeps package slog from showing the keys.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText keeps JSON and other documents from showing the keys.
func (k *Keyring) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
