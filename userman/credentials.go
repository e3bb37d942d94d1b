package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// credentialRecords applies the rules of users to the life cycle of credentials.
type credentialRecords struct {
	service *Service
	opts    PasswordOptions
}

// credentials returns the life cycle of the users' credentials.
func (s *Service) credentials() auth.Lifecycle[*User] { return s.credentialsWith(PasswordOptions{}) }

// credentialsWith is credentials with the options of a new password.
func (s *Service) credentialsWith(opts PasswordOptions) auth.Lifecycle[*User] {
	return auth.NewLifecycle(s.authenticator, auth.Records[*User](credentialRecords{s, opts}))
}

// byUsername reports whether the key of op is a username, else it is an ID.
func byUsername(op auth.Operation) bool {
	switch op {
	case auth.OpSetPassword, auth.OpSetPasswordHash, auth.OpRemoveSecondFactor, auth.OpInvite:
		return true
	default:
		return false
	}
}

// Get implements [auth.Records].
func (r credentialRecords) Get(ctx context.Context, op auth.Operation, key string) (*auth.Account, error) {
	u, err := r.find(ctx, op, key)
	if u == nil {
		return nil, err
	}
	if err != nil {
		return r.service.loginAccount(u), err
	}
	return r.service.loginAccount(u), r.service.authorizeOperation(ctx, op, u)
}

func (r credentialRecords) find(ctx context.Context, op auth.Operation, key string) (*User, error) {
	if byUsername(op) {
		return r.service.find(ctx, key)
	}
	return r.service.findByID(ctx, store.UserID(key))
}

// GetByInvitation implements [auth.Records].
func (r credentialRecords) GetByInvitation(ctx context.Context, hash []byte) (*auth.Account, error) {
	u, err := r.service.requireInScope(ctx)(r.service.store.FindUser(ctx, UserLookup{InvitationHash: hash}))
	if err != nil {
		return nil, err
	}
	return r.service.loginAccount(u), nil
}

// Update implements [auth.Records].
func (r credentialRecords) Update(ctx context.Context, op auth.Operation, key string, edit func(*auth.Account) error) (*User, error) {
	mutate := func(ctx context.Context, u *User) error {
		if err := r.service.authorizeOperation(ctx, op, u); err != nil {
			return err
		}
		if err := checkPrecondition(ctx, r.opts.Precondition); err != nil {
			return err
		}
		account := r.service.loginAccount(u)
		account.Creator = r.service.administrator(ctx)
		if err := edit(account); err != nil {
			return err
		}
		u.Credentials, u.SessionEpoch, u.PasswordChangedAt = account.Credentials, account.SessionEpoch, account.PasswordChangedAt
		r.finish(op, u)
		if changesPasswordOrLink(op) {
			return r.service.dropMails(ctx, u.ID)
		}
		return nil
	}
	if byUsername(op) {
		return r.service.mutate(ctx, string(op), key, mutate)
	}
	return r.service.mutateByID(ctx, string(op), store.UserID(key), mutate)
}

// finish sets what only users have.
func (r credentialRecords) finish(op auth.Operation, u *User) {
	switch op {
	case auth.OpSetPassword:
		u.Activation, u.MustChangePassword = nil, r.opts.MustChange
	case auth.OpSetPasswordHash:
		u.Activation = nil
	case auth.OpChangePassword, auth.OpAcceptInvitation:
		u.MustChangePassword = false
	default:
	}
}

// AuditKey implements [auth.Records].
func (r credentialRecords) AuditKey(op auth.Operation, key string) string {
	if !byUsername(op) {
		return ""
	}
	return r.service.userEvent(string(op), key).Key
}

// authorizeOperation rejects op if the caller may not have the credentials of u. It
// also rejects op if op changes the password and the directory of u manages it.
func (s *Service) authorizeOperation(ctx context.Context, op auth.Operation, u *User) error {
	switch op {
	case auth.OpChangePassword, auth.OpAcceptInvitation, auth.OpRemoveOwnFactor: // the user proves to be u
	default:
		if err := s.authorizeCredentials(ctx, u); err != nil {
			return err
		}
	}
	if changesPasswordOrLink(op) {
		return s.requireLocalPassword(u)
	}
	return nil
}

// changesPasswordOrLink reports whether op changes the password, or the link to set it.
// A waiting mail would replace that link.
func changesPasswordOrLink(op auth.Operation) bool {
	switch op {
	case auth.OpSetPassword, auth.OpSetPasswordHash, auth.OpChangePassword, auth.OpInvite, auth.OpAcceptInvitation:
		return true
	default:
		return false
	}
}

// BeginSecondFactor creates a secret for an authenticator app of a user who knows the
// current password: with a session alone, another could lock the user out.
// [Service.ConfirmSecondFactor] then turns the second factor on. BeginSecondFactor
// returns an error wrapping [store.ErrConflict] if the user already has a second factor.
// It returns an error wrapping [store.ErrInvalid] on "current_password" if the password
// is wrong, and one wrapping [store.ErrRateLimited] after too many attempts.
func (s *Service) BeginSecondFactor(ctx context.Context, id store.UserID, current store.Secret) (*credential.TOTPEnrollment, error) {
	return s.credentials().BeginSecondFactor(ctx, string(id), current)
}

// PendingSecondFactor returns the enrollment that the user has not confirmed yet. It
// returns an error wrapping [store.ErrNotFound] if there is none.
func (s *Service) PendingSecondFactor(ctx context.Context, id store.UserID) (*credential.TOTPEnrollment, error) {
	return s.credentials().PendingSecondFactor(ctx, string(id))
}

// ConfirmSecondFactor verifies a code of the app and turns the second factor on. It
// returns ten recovery codes, which cannot be read again. It returns an error wrapping
// [store.ErrInvalid] on "code" if the code is wrong. It returns an error wrapping
// [store.ErrNotFound] if no enrollment is pending.
func (s *Service) ConfirmSecondFactor(ctx context.Context, id store.UserID, code string) ([]store.Secret, error) {
	return s.credentials().ConfirmSecondFactor(ctx, string(id), code)
}

// NewRecoveryCodes replaces the recovery codes of a user who knows the current
// password. It returns an error wrapping [store.ErrConflict] if the user has no second
// factor. It returns an error wrapping [store.ErrInvalid] on "current_password" if the
// password is wrong, and one wrapping [store.ErrRateLimited] after too many attempts.
func (s *Service) NewRecoveryCodes(ctx context.Context, id store.UserID, current store.Secret) ([]store.Secret, error) {
	return s.credentials().NewRecoveryCodes(ctx, string(id), current)
}

// RemoveOwnSecondFactor turns off the second factor of a user who knows the current
// password. An enrollment that is not confirmed needs no password.
// RemoveOwnSecondFactor returns the errors of [Service.NewRecoveryCodes], but none if
// the user has no second factor.
func (s *Service) RemoveOwnSecondFactor(ctx context.Context, id store.UserID, current store.Secret) (*User, error) {
	return s.credentials().RemoveOwnSecondFactor(ctx, string(id), current)
}

// RemoveSecondFactor turns off the second factor of the user with this username, for an
// administrator. It returns no error if the user has none.
func (s *Service) RemoveSecondFactor(ctx context.Context, username string) (*User, error) {
	return s.credentials().RemoveSecondFactor(ctx, username)
}
