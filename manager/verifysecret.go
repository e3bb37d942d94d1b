package manager

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

// VerifySecret reports whether secret is the secret of the account with a name.
// A missing account takes the same time, except for the read from the store. A
// login form uses it to detect an AMI account in place of an administrator.
func (s *Service) VerifySecret(ctx context.Context, name string, secret store.Secret) (bool, error) {
	a, err := s.store.Account(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		a, err = &Account{}, nil // whose secret is none
	}
	if err != nil {
		return false, err
	}
	// Compare the hashes, which have equal length.
	want, given := sha256.Sum256([]byte(a.Secret.Reveal())), sha256.Sum256([]byte(secret.Reveal()))
	equal := subtle.ConstantTimeCompare(want[:], given[:]) == 1
	return equal && !a.Secret.IsZero(), nil
}
