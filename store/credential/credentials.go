package credential

import (
	"bytes"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// MaxTrustedDevices is the maximum number of trusted devices of an account. A new
// device replaces the least recently used one.
const MaxTrustedDevices = 8

// Credentials holds the authentication data of a user or an administrator.
type Credentials struct {
	// PasswordHash is zero if there is no password.
	PasswordHash store.Secret
	// PasswordCreator is the administrator who may know the password. Sessions begin
	// with the password, so it is their creator too.
	PasswordCreator Creator
	// SecondFactor is nil if there is none.
	SecondFactor *TOTP
	// Invitation is the link to set a password; nil if there is none.
	Invitation *OneTimeToken
	// Devices are the trusted devices, most recently used last.
	Devices []TrustedDevice
}

// TOTP is a second factor with an authenticator app.
type TOTP struct {
	// Secret is shared with the app.
	Secret store.Secret
	// Confirmed reports whether a code was confirmed. A login needs a code only
	// then.
	Confirmed bool
	// LastStep is the time step of the last code that was accepted.
	LastStep int64
	// RecoveryHashes are the hashes of the unused recovery codes.
	RecoveryHashes [][]byte
	// Creator is the administrator who may know the secret or the recovery codes.
	Creator Creator
}

// OneTimeToken is the stored part of a link that works once.
type OneTimeToken struct {
	// TokenHash is the SHA-256 of the token.
	TokenHash []byte
	ExpiresAt time.Time
	// Creator is the administrator who may know the link: the one who created it or,
	// if it was mailed, the one who set the address.
	Creator Creator
}

// Equal reports whether t and other are the same link, or both nil.
func (t *OneTimeToken) Equal(other *OneTimeToken) bool {
	if t == nil || other == nil {
		return t == other
	}
	return bytes.Equal(t.TokenHash, other.TokenHash)
}

// TrustedDevice is a device of an earlier login.
type TrustedDevice struct {
	// TokenHash is the SHA-256 of the token that the device stores.
	TokenHash  []byte    `json:"token_hash"`
	LastUsedAt time.Time `json:"last_used_at"`
}

// HasPassword reports whether there is a password.
func (s *Credentials) HasPassword() bool { return !s.PasswordHash.IsZero() }

// HasSecondFactor reports whether a login needs a code.
func (s *Credentials) HasSecondFactor() bool {
	return s.SecondFactor != nil && s.SecondFactor.Confirmed
}

// Clone returns a deep copy of s.
func (s *Credentials) Clone() Credentials {
	clone := *s
	if s.SecondFactor != nil {
		totp := *s.SecondFactor
		totp.RecoveryHashes = make([][]byte, len(s.SecondFactor.RecoveryHashes))
		for i, hash := range s.SecondFactor.RecoveryHashes {
			totp.RecoveryHashes[i] = slices.Clone(hash)
		}
		clone.SecondFactor = &totp
	}
	clone.Invitation = s.Invitation.Clone()
	clone.Devices = slices.Clone(s.Devices)
	for i, device := range clone.Devices {
		clone.Devices[i].TokenHash = slices.Clone(device.TokenHash)
	}
	return clone
}

// Clone returns a deep copy of t, which may be nil.
func (t *OneTimeToken) Clone() *OneTimeToken {
	if t == nil {
		return nil
	}
	return &OneTimeToken{TokenHash: slices.Clone(t.TokenHash), ExpiresAt: t.ExpiresAt, Creator: t.Creator}
}
