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

// ErrHash means that a hash is of no form that is known here.
var ErrHash = errors.New("this is no password hash in a form that is known here")

// Options of [NewHasher].
type Options struct {
	// Params default to [DefaultParams], each field of its own. What is
	// outside the bounds of [Known] is brought to the nearest bound.
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

// maxTogether is the memory, in KiB, that as many computations as there are by
// default take together.
const maxTogether = 256 << 10

// Hasher hashes and checks passwords, a bounded number at once. It may be used
// from many goroutines.
type Hasher struct {
	params Params
	random io.Reader
	slots  turns
	// share is the memory, in KiB, that a slot may take; a computation that
	// needs more, for a hash that was taken over, is the only such one.
	share uint32
	heavy turns
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
		o.Concurrency = concurrency(runtime.GOMAXPROCS(0), params.Memory)
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Derive == nil {
		o.Derive = argon2.IDKey
	}
	return &Hasher{
		params: params,
		random: o.Random,
		slots:  make(turns, o.Concurrency),
		share:  max(params.Memory, maxTogether/uint32(o.Concurrency)), //nolint:gosec // a number of slots
		heavy:  make(turns, 1),
		derive: o.Derive,
	}
}

// concurrency returns how many computations of that much memory, in KiB, there
// are at once by default.
func concurrency(processors int, memory uint32) int {
	return max(1, min(processors, maxTogether/int(memory)))
}

// Hash returns the argon2id hash of password in PHC form. It hashes the
// prepared form: see [Policy.Check], which should have been asked first. An
// empty password and one of more than [MaxLength] bytes are a
// [store.InvalidError] on "password". While others are computed it waits, as
// long as ctx allows.
func (h *Hasher) Hash(ctx context.Context, password store.Secret) (store.Secret, error) {
	prepared, ok := prepare(password.Reveal())
	switch {
	case !ok:
		return store.Secret{}, store.Invalid(tooLong("password"))
	case prepared == "":
		return store.Secret{}, store.Invalid(tooShort("password", 1))
	}
	made := phc{Params: h.params, salt: make([]byte, saltLength)}
	if _, err := io.ReadFull(h.random, made.salt); err != nil {
		return store.Secret{}, fmt.Errorf("make a salt: %w", err)
	}
	end, err := h.begin(ctx, h.params)
	if err != nil {
		return store.Secret{}, err
	}
	defer end()
	made.tag = h.tag(made, prepared, tagLength)
	return store.NewSecret(made.String()), nil
}

// Verdict is what came of a check.
type Verdict struct {
	// Match says that the password is the one that was hashed.
	Match bool
	// Outdated says that the hash should be replaced by a new one of the
	// same password: it is of an older form, or cheaper than Params.
	Outdated bool
}

// Check compares password with hash: argon2id in PHC form, bcrypt ($2a$, $2b$,
// $2y$), phpass ($P$, $H$), or the 40 hexadecimal digits of FreePBX's SHA-1.
// The zero hash matches nothing and takes as long as another one: check it for
// users that do not exist. An older form takes no less time than argon2id. An
// unknown form is [ErrHash]. An empty password matches nothing.
//
// A password is compared with argon2id in its prepared form (see
// [Policy.Check]), with older forms also as it was given. As everywhere, bcrypt
// compares 72 bytes: a longer password whose first 72 bytes are right matches,
// but is not Outdated, because a new hash would be one of bytes that nobody has
// proven.
func (h *Hasher) Check(ctx context.Context, hash, password store.Secret) (Verdict, error) {
	kept, current := parsePHC(hash.Reveal())
	end, err := h.begin(ctx, kept.Params)
	if err != nil {
		return Verdict{}, err
	}
	defer end()
	given := password.Reveal()
	prepared, ok := prepare(given)
	if !ok || prepared == "" || hash.IsZero() {
		h.spend(prepared)
		return Verdict{}, nil
	}
	if current {
		return h.checkPHC(kept, prepared), nil
	}
	h.spend(prepared)
	old, ok := parseOlder(hash.Reveal())
	if !ok {
		return Verdict{}, ErrHash
	}
	return Verdict{
		Match:    old.match(given) || prepared != given && old.match(prepared),
		Outdated: old.limit == 0 || len(given) <= old.limit && len(prepared) <= old.limit,
	}, nil
}

func (h *Hasher) checkPHC(kept phc, prepared string) Verdict {
	tag := h.tag(kept, prepared, uint32(len(kept.tag))) //nolint:gosec // parsePHC bounds it
	outdated := kept.cheaper(h.params)
	if outdated {
		h.spend(prepared)
	}
	return Verdict{Match: subtle.ConstantTimeCompare(tag, kept.tag) == 1, Outdated: outdated}
}

// spend takes the time of a check, so that time tells nobody whether there was
// anything to compare with.
func (h *Hasher) spend(prepared string) {
	h.tag(phc{Params: h.params, salt: make([]byte, saltLength)}, prepared, tagLength)
}

func (h *Hasher) tag(p phc, prepared string, length uint32) []byte {
	return h.derive([]byte(prepared), p.salt, p.Time, p.Memory, p.Threads, length)
}

// begin waits for its turn to compute what costs that much; end makes room for
// the next.
func (h *Hasher) begin(ctx context.Context, costs Params) (end func(), err error) {
	leave := func() {}
	if costs.Memory > h.share {
		if leave, err = h.heavy.take(ctx); err != nil {
			return nil, err
		}
	}
	done, err := h.slots.take(ctx)
	if err != nil {
		leave()
		return nil, err
	}
	return func() { done(); leave() }, nil
}

// Known reports whether hash is of a form that Check reads, and bounded in its
// costs, so that a foreign hash cannot take the machine's memory or time:
// argon2id up to 256 MiB, 16 passes, 16 lanes and 1 GiB passed over in all;
// bcrypt up to cost 14; phpass up to 2^22 rounds. Each is about a second.
func Known(hash store.Secret) bool {
	if _, ok := parsePHC(hash.Reveal()); ok {
		return true
	}
	_, ok := parseOlder(hash.Reveal())
	return ok
}
