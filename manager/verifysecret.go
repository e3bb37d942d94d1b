package manager

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

// VerifySecret reports whether secret is that of the account of that name. It
// takes the same time for an account that does not exist, but for what the
// store needs to read one. It is how a login form can tell who has taken an
// AMI account for an administrator.
func (s *Service) VerifySecret(ctx context.Context, name string, secret store.Secret) (bool, error) {
	a, err := s.store.Account(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		a, err = &Account{}, nil // whose secret is none
	}
	if err != nil {
		return false, err
	}
	// Of their hashes, which have one length.
	want, given := sha256.Sum256([]byte(a.Secret.Reveal())), sha256.Sum256([]byte(secret.Reveal()))
	equal := subtle.ConstantTimeCompare(want[:], given[:]) == 1
	return equal && !a.Secret.IsZero(), nil
}
