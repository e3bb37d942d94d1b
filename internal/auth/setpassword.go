package auth

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// maxWordBytes is the maximum length of words that a password is compared with. A
// longer word is invalid in its own field.
const maxWordBytes = 1024

// CheckPassword returns the errors of a password on the given field. words are the
// user's own, the username first.
func (au *Authenticator) CheckPassword(field string, password store.Secret, words ...string) []store.FieldError {
	bounded := make([]string, len(words))
	for i, word := range words {
		if len(word) <= maxWordBytes {
			bounded[i] = word
		}
	}
	return au.opts.Policy().Check(field, password, bounded...)
}

// HashPassword returns the hash of a password that [Authenticator.CheckPassword]
// accepts. It is slow: call it before a transaction.
func (au *Authenticator) HashPassword(ctx context.Context, password store.Secret) (store.Secret, error) {
	return au.opts.Hasher.Hash(ctx, password)
}

// hashPassword checks a password for a and returns its hash. It is slow: call it
// before a transaction.
func (au *Authenticator) hashPassword(ctx context.Context, a *Account, password store.Secret) (store.Secret, error) {
	if err := store.NewInvalidError(au.CheckPassword("password", password, a.Words...)...); err != nil {
		return store.Secret{}, err
	}
	return au.opts.Hasher.Hash(ctx, password)
}

// setPasswordHash replaces the password. It ends all sessions, the invitation and an
// enrollment that is not confirmed: earlier sessions could read its secret.
func (a *Account) setPasswordHash(hash store.Secret, creator credential.Creator, now time.Time) {
	a.Credentials.PasswordHash, a.Credentials.PasswordCreator = hash, creator
	a.Credentials.Invitation = nil
	if !a.Credentials.HasSecondFactor() {
		a.Credentials.SecondFactor = nil
	}
	a.PasswordChangedAt = now
	a.SessionEpoch++
}

// PrepareSetPassword checks and hashes a new password for the account of key.
// commit sets it, and ends all sessions, the invitation and trusted devices. It
// returns an error wrapping [store.ErrInvalid] on "password" if the password
// violates the policy.
func (l Lifecycle[R]) PrepareSetPassword(ctx context.Context, key string, password store.Secret) (commit func(ctx context.Context) (R, error), err error) {
	const op = OpSetPassword
	a, err := l.get(ctx, op, key)
	if err != nil {
		return nil, err
	}
	hash, err := l.authenticator.hashPassword(ctx, a, password)
	if err != nil {
		return nil, l.recordDenied(ctx, op, a, err)
	}
	return func(ctx context.Context) (R, error) { return l.replacePassword(ctx, op, key, hash) }, nil
}

// replacePassword sets another password hash and removes trusted devices.
func (l Lifecycle[R]) replacePassword(ctx context.Context, op Operation, key string, hash store.Secret) (R, error) {
	return l.records.Update(ctx, op, key, func(a *Account) error {
		a.setPasswordHash(hash, a.Creator, l.authenticator.now())
		a.Credentials.Devices = nil
		return nil
	})
}

// SetPasswordHash sets a hash from another system. It ends all sessions, the
// invitation and trusted devices. It returns an error wrapping [store.ErrInvalid]
// on "password_hash" if the format of the hash is unknown.
func (l Lifecycle[R]) SetPasswordHash(ctx context.Context, key string, hash store.Secret) (R, error) {
	const op = OpSetPasswordHash
	if !passwords.Supported(hash) {
		var none R
		a, err := l.get(ctx, op, key)
		if err != nil {
			return none, err
		}
		return none, l.recordDenied(ctx, op, a, store.NewInvalidError(store.FieldError{
			Field: "password_hash", Code: store.CodeUnknown, Message: "enter a hash of argon2id in PHC form, bcrypt, phpass, or FreePBX's SHA-1, with bounded costs",
		}))
	}
	return l.replacePassword(ctx, op, key, hash)
}

// ChangePassword sets a new password, given the current one. It ends all sessions
// and the invitation. It returns an error wrapping [store.ErrInvalid] on
// "current_password" or "password", and one wrapping [store.ErrRateLimited] after
// too many guesses.
func (l Lifecycle[R]) ChangePassword(ctx context.Context, key string, current, password store.Secret) (R, error) {
	const op = OpChangePassword
	var none R
	before, err := l.get(ctx, op, key)
	if err != nil {
		return none, err
	}
	if err := l.authenticator.VerifyCurrentPassword(ctx, string(op), before, current); err != nil {
		return none, err
	}
	hash, err := l.authenticator.hashNewPassword(ctx, before, password)
	if err != nil {
		return none, l.recordDenied(ctx, op, before, err)
	}
	return l.records.Update(ctx, op, key, func(a *Account) error {
		if a.SessionEpoch != before.SessionEpoch || a.Disabled {
			return &store.ConflictError{Reason: sessionEnded}
		}
		a.setPasswordHash(hash, a.sessionCreator(), l.authenticator.now())
		return nil
	})
}

// hashNewPassword is hashPassword, and rejects the current password if the options
// require that.
func (au *Authenticator) hashNewPassword(ctx context.Context, a *Account, password store.Secret) (store.Secret, error) {
	if au.opts.RejectCurrentPassword {
		result, err := au.opts.Hasher.Verify(ctx, a.Credentials.PasswordHash, password)
		if err != nil {
			return store.Secret{}, err
		}
		if result.Match {
			return store.Secret{}, store.NewInvalidError(store.FieldError{
				Field: "password", Code: store.CodeUnchanged, Message: "this is the current password; choose another password",
			})
		}
	}
	return au.hashPassword(ctx, a, password)
}
