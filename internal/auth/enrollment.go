package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// BeginSecondFactor creates a secret for an authenticator app, for an account that knows
// the current password: with a session alone, another could lock the owner out. The
// second factor is on only after [Lifecycle.ConfirmSecondFactor]. It returns an error
// wrapping [store.ErrConflict] if there is a second factor already, one wrapping
// [store.ErrInvalid] on "current_password", and one wrapping [store.ErrRateLimited] after
// too many guesses.
func (l Lifecycle[R]) BeginSecondFactor(ctx context.Context, key string, current store.Secret) (*credential.TOTPEnrollment, error) {
	const op = OpBeginSecondFactor
	before, err := l.get(ctx, op, key)
	if err != nil {
		return nil, err
	}
	if err := l.authenticator.VerifyCurrentPassword(ctx, string(op), before, current); err != nil {
		return nil, err
	}
	var begun Account
	_, err = l.records.Update(ctx, op, key, func(a *Account) error {
		if err := before.requireUnchangedLogin(a); err != nil {
			return err
		}
		err := BeginSecondFactor(&a.Credentials, l.authenticator.opts.Random)
		begun = *a
		return a.withSecondFactorCreator(err)
	})
	if err != nil {
		return nil, err
	}
	return l.enrollment(&begun)
}

// PendingSecondFactor returns the enrollment that is not confirmed yet. It returns
// an error wrapping [store.ErrNotFound] if there is none.
func (l Lifecycle[R]) PendingSecondFactor(ctx context.Context, key string) (*credential.TOTPEnrollment, error) {
	a, err := l.records.Get(ctx, OpShowSecondFactor, key)
	if err != nil {
		return nil, err
	}
	return l.enrollment(a)
}

func (l Lifecycle[R]) enrollment(a *Account) (*credential.TOTPEnrollment, error) {
	return PendingSecondFactor(&a.Credentials, l.authenticator.opts.Issuer(), a.Username)
}

// ConfirmSecondFactor turns the second factor on, given a code of the app, and
// returns ten recovery codes. It returns an error wrapping [store.ErrInvalid] on
// "code" if the code is wrong, and one wrapping [store.ErrNotFound] if no
// enrollment is pending.
func (l Lifecycle[R]) ConfirmSecondFactor(ctx context.Context, key, code string) ([]store.Secret, error) {
	return l.issueRecoveryCodes(ctx, OpConfirmSecondFactor, key, func(a *Account, hashes [][]byte) error {
		return a.withSecondFactorCreator(ConfirmSecondFactor(&a.Credentials, code, l.authenticator.now(), hashes))
	})
}

// NewRecoveryCodes replaces the recovery codes of an account that knows the current
// password: a session alone is no proof. It returns an error wrapping
// [store.ErrConflict] if there is no second factor, one wrapping [store.ErrInvalid] on
// "current_password", and one wrapping [store.ErrRateLimited] after too many guesses.
func (l Lifecycle[R]) NewRecoveryCodes(ctx context.Context, key string, current store.Secret) ([]store.Secret, error) {
	const op = OpNewRecoveryCodes
	before, err := l.proveSecondFactorOwner(ctx, op, key, current)
	if err != nil {
		return nil, err
	}
	return l.issueRecoveryCodes(ctx, op, key, func(a *Account, hashes [][]byte) error {
		if err := before.requireUnchangedLogin(a); err != nil {
			return err
		}
		return a.withSecondFactorCreator(ReplaceRecoveryCodes(&a.Credentials, hashes))
	})
}

// issueRecoveryCodes creates recovery codes and has apply store their hashes.
func (l Lifecycle[R]) issueRecoveryCodes(ctx context.Context, op Operation, key string, apply func(a *Account, hashes [][]byte) error) ([]store.Secret, error) {
	codes, hashes, err := NewRecoveryCodes(l.authenticator.opts.Random)
	if err != nil {
		return nil, err
	}
	_, err = l.records.Update(ctx, op, key, func(a *Account) error { return apply(a, hashes) })
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveSecondFactor turns the second factor off. It returns no error if there is
// none.
func (l Lifecycle[R]) RemoveSecondFactor(ctx context.Context, key string) (R, error) {
	return l.records.Update(ctx, OpRemoveSecondFactor, key, func(a *Account) error {
		a.Credentials.SecondFactor = nil
		return nil
	})
}

// RemoveOwnSecondFactor turns the second factor off, for an account that knows the
// current password. An enrollment that is not confirmed needs no password. It returns
// the errors of [Lifecycle.NewRecoveryCodes], but none if there is no second factor.
func (l Lifecycle[R]) RemoveOwnSecondFactor(ctx context.Context, key string, current store.Secret) (R, error) {
	const op = OpRemoveOwnFactor
	before, err := l.proveSecondFactorOwner(ctx, op, key, current)
	if err != nil {
		var none R
		return none, err
	}
	return l.records.Update(ctx, op, key, func(a *Account) error {
		if err := before.requireUnchangedLogin(a); err != nil {
			return err
		}
		a.Credentials.SecondFactor = nil
		return nil
	})
}

// proveSecondFactorOwner returns the account of key. If it has a second factor, the
// current password must be right.
func (l Lifecycle[R]) proveSecondFactorOwner(ctx context.Context, op Operation, key string, current store.Secret) (*Account, error) {
	a, err := l.get(ctx, op, key)
	if err != nil || !a.Credentials.HasSecondFactor() {
		return a, err
	}
	return a, l.authenticator.VerifyCurrentPassword(ctx, string(op), a, current)
}

// requireUnchangedLogin returns an error if the sessions of the account have ended
// since it was read, or its second factor was turned on.
func (a *Account) requireUnchangedLogin(now *Account) error {
	if now.SessionEpoch != a.SessionEpoch || now.Disabled || now.Credentials.HasSecondFactor() && !a.Credentials.HasSecondFactor() {
		return &store.ConflictError{Reason: sessionEnded}
	}
	return nil
}
