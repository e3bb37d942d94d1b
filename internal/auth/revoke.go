package auth

import (
	"cmp"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// sessionCreator returns the creator of what the owner of the account sets in a session.
// The session may be that of the creator of the password.
func (a *Account) sessionCreator() credential.Creator {
	return cmp.Or(a.Creator, a.Credentials.PasswordCreator)
}

// withSecondFactorCreator sets the creator of the second factor after an operation in a
// session without an error. An earlier creator stays: the secret is still the same.
func (a *Account) withSecondFactorCreator(err error) error {
	if err == nil {
		factor := a.Credentials.SecondFactor
		factor.Creator = cmp.Or(factor.Creator, a.sessionCreator())
	}
	return err
}

// Revoke removes the credentials of a record whose creator must no longer know them,
// and returns their kinds. With a password or a confirmed second factor it ends all
// sessions and forgets trusted devices. The password ends together with a confirmed
// second factor, because the password would suffice alone. revoked is never called with a zero creator.
func Revoke(c *credential.Credentials, sessionEpoch *int64, revoked func(credential.Creator) bool) []credential.Kind {
	isRevoked := func(creator credential.Creator) bool { return !creator.IsZero() && revoked(creator) }
	kinds := []credential.Kind{}
	factorRevoked := c.SecondFactor != nil && isRevoked(c.SecondFactor.Creator)
	if c.HasPassword() && (factorRevoked && c.HasSecondFactor() || isRevoked(c.PasswordCreator)) {
		c.PasswordHash, c.PasswordCreator = store.Secret{}, credential.Creator{}
		kinds = append(kinds, credential.KindPassword)
	}
	if factorRevoked {
		c.SecondFactor = nil
		kinds = append(kinds, credential.KindSecondFactor)
	}
	if len(kinds) > 0 {
		c.Devices = nil
		*sessionEpoch++
	}
	if c.Invitation != nil && isRevoked(c.Invitation.Creator) {
		c.Invitation = nil
		kinds = append(kinds, credential.KindPasswordLink)
	}
	return kinds
}
