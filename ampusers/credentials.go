package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
)

// credentialRecords implements [auth.Records] for administrators.
type credentialRecords struct {
	service *Service
	opts    PasswordOptions
}

// credentials returns the credential operations of administrators.
func (s *Service) credentials() auth.Lifecycle[*Administrator] {
	return s.credentialsWith(PasswordOptions{})
}

// credentialsWith is credentials with the options of a new password.
func (s *Service) credentialsWith(opts PasswordOptions) auth.Lifecycle[*Administrator] {
	return auth.NewLifecycle(s.authenticator, auth.Records[*Administrator](credentialRecords{s, opts}))
}

// selfOnly reports whether administrators can do op only for themselves.
func selfOnly(op auth.Operation) bool {
	switch op {
	case auth.OpChangePassword, auth.OpBeginSecondFactor, auth.OpShowSecondFactor, auth.OpConfirmSecondFactor, auth.OpNewRecoveryCodes, auth.OpRemoveOwnFactor:
		return true
	default:
		return false
	}
}

// needsProof reports whether op bypasses the current password, which administrators
// must prove for their own account: a session alone is no proof.
func needsProof(op auth.Operation) bool {
	switch op {
	case auth.OpSetPassword, auth.OpSetPasswordHash, auth.OpInvite, auth.OpRemoveSecondFactor:
		return true
	default:
		return false
	}
}

// authorizeOperation rejects op if username is not the actor and op is for oneself, and
// the other way round.
func (s *Service) authorizeOperation(op auth.Operation, username string) error {
	switch {
	case selfOnly(op):
		return s.requireSelf(username)
	case needsProof(op) && s.actor != nil && s.requireSelf(username) == nil:
		return &store.ForbiddenError{Reason: "for your own account, this needs your current password; use the page of your account"}
	}
	return nil
}

// Get implements [auth.Records].
func (r credentialRecords) Get(ctx context.Context, op auth.Operation, username string) (*auth.Account, error) {
	if err := r.service.authorizeOperation(op, username); err != nil {
		return nil, err
	}
	a, err := r.service.loadTarget(ctx, username)
	if a == nil {
		return nil, err
	}
	return loginAccount(a), err
}

// GetByInvitation implements [auth.Records].
func (r credentialRecords) GetByInvitation(ctx context.Context, hash []byte) (*auth.Account, error) {
	a, err := r.service.store.AdministratorByInvitation(ctx, hash)
	if err != nil {
		return nil, err
	}
	return loginAccount(a), nil
}

// Update implements [auth.Records]. Accepting an invitation needs the link but no
// rights.
func (r credentialRecords) Update(ctx context.Context, op auth.Operation, username string, edit func(*auth.Account) error) (*Administrator, error) {
	s := *r.service
	if op == auth.OpAcceptInvitation {
		s.actor = nil
	}
	return s.mutate(ctx, string(op), username, func(ctx context.Context, a *Administrator) error {
		if err := s.authorizeOperation(op, username); err != nil {
			return err
		}
		if r.opts.Precondition != nil {
			if err := r.opts.Precondition(ctx); err != nil {
				return err
			}
		}
		account := loginAccount(a)
		account.Creator = s.creatorOf(op)
		known := a.Credentials.PasswordCreator
		if err := edit(account); err != nil {
			return err
		}
		if known != account.Credentials.PasswordCreator {
			if err := s.markPasswordEnded(ctx, a, known); err != nil {
				return err
			}
		}
		a.Credentials, a.SessionEpoch, a.PasswordChangedAt = account.Credentials, account.SessionEpoch, account.PasswordChangedAt
		return nil
	})
}

// AuditKey implements [auth.Records].
func (credentialRecords) AuditKey(_ auth.Operation, username string) string {
	return canonicalUsername(username)
}
