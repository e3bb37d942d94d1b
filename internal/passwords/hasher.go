// Package passwords hashes, checks and judges the passwords of people. It is
// not for secrets that a program must read again: those are sealed by
// store.Keyring.
package passwords

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/crypto/argon2"

	"github.com/pbxusers/pbxusers/store"
)

// ErrUnsupportedHash means that a hash is of no form that is known here.
var ErrUnsupportedHash = errors.New("this is no password hash in a form that is known here")

// Options of [NewHasher].
type Options struct {
	// Params default to [DefaultParams], each field of its own. What is
	// outside the bounds of [Supported] is brought to the nearest bound.
	Params Params
	// Concurrency is how many hashes are computed at once; others wait.
	// Defaults to the number of processors, or to as many as take 256 MiB
	// together.
	Concurrency int
	// Random is where salts come from. Defaults to crypto/rand.Reader.
	Random io.Reader
	// Derive is argon2id. Defaults to argon2.IDKey; set it in tests only, to
	// count.
	Derive func(password, salt []byte, time, memory uint32, threads uint8, length uint32) []byte
}

// maxTotalMemory is the memory, in KiB, that as many computations as there are by
// default take together.
const maxTotalMemory = 256 << 10

// Hasher hashes and checks passwords, a bounded number at once. It may be used
// from many goroutines.
type Hasher struct {
	params Params
	random io.Reader
	slots  semaphore
	// slotMemory is the memory, in KiB, that a slot may take; a computation that
	// needs more, for a hash that was taken over, is the only such one.
	slotMemory uint32
	large      semaphore
	// derive is argon2id, where tests do not count.
	derive func(password, salt []byte, time, memory uint32, threads uint8, length uint32) []byte
}

// NewHasher returns a hasher.
func NewHasher(opts *Options) *Hasher {
	var o Options
	if opts != nil {
		o = *opts
	}
	params := o.Params.bounded()
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency(runtime.GOMAXPROCS(0), params.Memory)
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Derive == nil {
		o.Derive = argon2.IDKey
	}
	return &Hasher{
		params:     params,
		random:     o.Random,
		slots:      make(semaphore, o.Concurrency),
		slotMemory: max(params.Memory, maxTotalMemory/uint32(o.Concurrency)), //nolint:gosec // a number of slots
		large:      make(semaphore, 1),
		derive:     o.Derive,
	}
}

// defaultConcurrency returns how many computations of that much memory, in KiB, there
// are at once by default.
func defaultConcurrency(processors int, memory uint32) int {
	return max(1, min(processors, maxTotalMemory/int(memory)))
}

// Hash returns the argon2id hash of password in PHC form. It hashes the
// prepared form: see [Policy.Check], which should have been asked first. An
// empty password and one of more than [MaxLength] bytes are a
// [store.InvalidError] on "password". While others are computed it waits, as
// long as ctx allows.
func (h *Hasher) Hash(ctx context.Context, password store.Secret) (store.Secret, error) {
	normalized, ok := normalize(password.Reveal())
	switch {
	case !ok:
		return store.Secret{}, store.NewInvalidError(tooLong("password"))
	case normalized == "":
		return store.Secret{}, store.NewInvalidError(tooShort("password", 1))
	}
	encoded := phc{Params: h.params, salt: make([]byte, saltLength)}
	if _, err := io.ReadFull(h.random, encoded.salt); err != nil {
		return store.Secret{}, fmt.Errorf("make a salt: %w", err)
	}
	release, err := h.acquire(ctx, h.params)
	if err != nil {
		return store.Secret{}, err
	}
	defer release()
	encoded.tag = h.tag(encoded, normalized, tagLength)
	return store.NewSecret(encoded.String()), nil
}

// Result is what came of a check.
type Result struct {
	// Match says that the password is the one that was hashed.
	Match bool
	// NeedsRehash says that the hash should be replaced by a new one of the
	// same password: it is of an older form, or cheaper than Params.
	NeedsRehash bool
}

// Verify compares password with hash: argon2id in PHC form, bcrypt ($2a$, $2b$,
// $2y$), phpass ($P$, $H$), or the 40 hexadecimal digits of FreePBX's SHA-1.
// The zero hash matches nothing and takes as long as another one: check it for
// users that do not exist. An older form takes no less time than argon2id. An
// unknown form is [ErrUnsupportedHash]. An empty password matches nothing.
//
// A password is compared with argon2id in its prepared form (see
// [Policy.Check]), with older forms also as it was given. As everywhere, bcrypt
// compares 72 bytes: a longer password whose first 72 bytes are right matches,
// but is not Outdated, because a new hash would be one of bytes that nobody has
// proven.
func (h *Hasher) Verify(ctx context.Context, hash, password store.Secret) (Result, error) {
	stored, isPHC := parsePHC(hash.Reveal())
	release, err := h.acquire(ctx, stored.Params)
	if err != nil {
		return Result{}, err
	}
	defer release()
	raw := password.Reveal()
	normalized, ok := normalize(raw)
	if !ok || normalized == "" || hash.IsZero() {
		h.burn(normalized)
		return Result{}, nil
	}
	if isPHC {
		return h.verifyPHC(stored, normalized), nil
	}
	h.burn(normalized)
	legacy, ok := parseLegacy(hash.Reveal())
	if !ok {
		return Result{}, ErrUnsupportedHash
	}
	return Result{
		Match:       legacy.match(raw) || normalized != raw && legacy.match(normalized),
		NeedsRehash: legacy.maxLength == 0 || len(raw) <= legacy.maxLength && len(normalized) <= legacy.maxLength,
	}, nil
}

func (h *Hasher) verifyPHC(stored phc, normalized string) Result {
	tag := h.tag(stored, normalized, uint32(len(stored.tag))) //nolint:gosec // parsePHC bounds it
	needsRehash := stored.needsRehash(h.params)
	if needsRehash {
		h.burn(normalized)
	}
	return Result{Match: subtle.ConstantTimeCompare(tag, stored.tag) == 1, NeedsRehash: needsRehash}
}

// burn takes the time of a check, so that time tells nobody whether there was
// anything to compare with.
func (h *Hasher) burn(normalized string) {
	h.tag(phc{Params: h.params, salt: make([]byte, saltLength)}, normalized, tagLength)
}

func (h *Hasher) tag(p phc, normalized string, length uint32) []byte {
	return h.derive([]byte(normalized), p.salt, p.Time, p.Memory, p.Threads, length)
}

// acquire waits for its turn to compute what costs that much; end makes room for
// the next.
func (h *Hasher) acquire(ctx context.Context, costs Params) (release func(), err error) {
	releaseLarge := func() {}
	if costs.Memory > h.slotMemory {
		if releaseLarge, err = h.large.acquire(ctx); err != nil {
			return nil, err
		}
	}
	releaseSlot, err := h.slots.acquire(ctx)
	if err != nil {
		releaseLarge()
		return nil, err
	}
	return func() { releaseSlot(); releaseLarge() }, nil
}

// Supported reports whether hash is of a form that Check reads, and bounded in its
// costs, so that a foreign hash cannot take the machine's memory or time:
// argon2id up to 256 MiB, 16 passes, 16 lanes and 1 GiB passed over in all;
// bcrypt up to cost 14; phpass up to 2^22 rounds. Each is about a second.
func Supported(hash store.Secret) bool {
	if _, ok := parsePHC(hash.Reveal()); ok {
		return true
	}
	_, ok := parseLegacy(hash.Reveal())
	return ok
}
