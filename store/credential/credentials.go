package credential

import (
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// MaxTrustedDevices is how many devices of one person are remembered; the one that
// was not used for longest is forgotten.
const MaxTrustedDevices = 8

// Credentials is all that somebody proves to be the one with.
type Credentials struct {
	// PasswordHash is zero when there is no password.
	PasswordHash store.Secret
	// SecondFactor is nil when a password is enough.
	SecondFactor *TOTP
	// Invitation is the link with which a password may be set; nil when
	// there is none.
	Invitation *OneTimeToken
	// Devices are those that were logged in from, the one that was used last
	// at the end.
	Devices []TrustedDevice
}

// TOTP is what is kept of an authenticator app.
type TOTP struct {
	// Secret is shared with the app.
	Secret store.Secret
	// Confirmed says that a code was seen; until then it is not asked for.
	Confirmed bool
	// LastStep is the time step of the last code that was accepted.
	LastStep int64
	// RecoveryHashes are those of the recovery codes that are left.
	RecoveryHashes [][]byte
}

// OneTimeToken is what is kept of a link that works once.
type OneTimeToken struct {
	// TokenHash is SHA-256 of the token.
	TokenHash []byte
	ExpiresAt time.Time
}

// TrustedDevice is what is kept of a device that was logged in from.
type TrustedDevice struct {
	// TokenHash is SHA-256 of the token that the device holds.
	TokenHash  []byte    `json:"token_hash"`
	LastUsedAt time.Time `json:"last_used_at"`
}

// HasPassword reports whether there is a password.
func (s *Credentials) HasPassword() bool { return !s.PasswordHash.IsZero() }

// HasSecondFactor reports whether a code is asked for at login.
func (s *Credentials) HasSecondFactor() bool {
	return s.SecondFactor != nil && s.SecondFactor.Confirmed
}

// Clone returns a copy that shares nothing with s.
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

// Clone returns a copy that shares nothing with l, which may be nil.
func (t *OneTimeToken) Clone() *OneTimeToken {
	if t == nil {
		return nil
	}
	return &OneTimeToken{TokenHash: slices.Clone(t.TokenHash), ExpiresAt: t.ExpiresAt}
}
