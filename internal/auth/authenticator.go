package auth

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

const (
	// maxUsernameBytes bounds, in bytes, what is looked at of a username that was
	// typed: the longest name and the longest address of mail fit.
	maxUsernameBytes = 1024
	// maxPasswordBytes bounds, in bytes, a password that is shown to others, as it
	// was typed: it may be longer than the form of it that is hashed.
	maxPasswordBytes = 4 * passwords.MaxLength
)

// Options of [New]; all are required but for Other, and for Trail, which may
// be nil.
type Options struct {
	// Kind is what an account is called in the trail and in refusals, such
	// as "administrator".
	Kind string
	// ActorKind is the kind of actor that whoever logged in is.
	ActorKind audit.ActorKind
	Accounts  Accounts
	Hasher    *passwords.Hasher
	Limiter   *ratelimit.Limiter
	Audit     *audit.Log
	Clock     func() time.Time
	Random    io.Reader
	Logger    *slog.Logger
	// DisabledMessage is the sentence of the refusal of one who is disabled.
	DisabledMessage string
	// DetectAccountType says in one sentence what kind of account username and password
	// belong to when they belong to nobody here, or "". nil is not asked.
	DetectAccountType func(ctx context.Context, username string, password store.Secret) (string, error)
}

// Authenticator is where people log in. It may be used from many goroutines.
type Authenticator struct{ opts Options }

// New returns a desk.
func New(opts Options) *Authenticator { return &Authenticator{opts} }

// now returns the time as the store keeps it.
func (au *Authenticator) now() time.Time { return au.opts.Clock().UTC().Truncate(time.Microsecond) }

// Login is a login that succeeded.
type Login struct {
	// Account is that of the record as it was written.
	Account *Account
	// DeviceToken is for this device to keep and to show at the next login: while
	// others guess at this account, a device that is known still gets in.
	DeviceToken store.Secret
	// RecoveryCodesLeft is how many are left when this login used one; -1
	// when it did not.
	RecoveryCodesLeft int
}

// AuthorizeFunc refuses somebody whose password is proven, with a reason that may be
// told to them; nil lets everybody pass.
type AuthorizeFunc func(ctx context.Context, a *Account) error
