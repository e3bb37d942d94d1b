package credential

import (
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// MaxDevices is how many devices of one person are remembered; the one that
// was not used for longest is forgotten.
const MaxDevices = 8

// Set is all that somebody proves to be the one with.
type Set struct {
	// PasswordHash is zero when there is no password.
	PasswordHash store.Secret
	// SecondFactor is nil when a password is enough.
	SecondFactor *Factor
	// Invitation is the link with which a password may be set; nil when
	// there is none.
	Invitation *Link
	// Devices are those that were logged in from, the one that was used last
	// at the end.
	Devices []Device
}

// Factor is what is kept of an authenticator app.
type Factor struct {
	// Secret is shared with the app.
	Secret store.Secret
	// Confirmed says that a code was seen; until then it is not asked for.
	Confirmed bool
	// LastStep is the time step of the last code that was accepted.
	LastStep int64
	// RecoveryHashes are those of the recovery codes that are left.
	RecoveryHashes [][]byte
}

// Link is what is kept of a link that works once.
type Link struct {
	// TokenHash is SHA-256 of the token.
	TokenHash []byte
	ExpiresAt time.Time
}

// Device is what is kept of a device that was logged in from.
type Device struct {
	// TokenHash is SHA-256 of the token that the device holds.
	TokenHash []byte    `json:"token_hash"`
	UsedAt    time.Time `json:"used_at"`
}

// HasPassword reports whether there is a password.
func (s *Set) HasPassword() bool { return !s.PasswordHash.IsZero() }

// HasSecondFactor reports whether a code is asked for at login.
func (s *Set) HasSecondFactor() bool { return s.SecondFactor != nil && s.SecondFactor.Confirmed }

// Clone returns a copy that shares nothing with s.
func (s *Set) Clone() Set {
	c := *s
	if s.SecondFactor != nil {
		factor := *s.SecondFactor
		factor.RecoveryHashes = make([][]byte, len(s.SecondFactor.RecoveryHashes))
		for i, hash := range s.SecondFactor.RecoveryHashes {
			factor.RecoveryHashes[i] = slices.Clone(hash)
		}
		c.SecondFactor = &factor
	}
	c.Invitation = s.Invitation.Clone()
	c.Devices = slices.Clone(s.Devices)
	for i, device := range c.Devices {
		c.Devices[i].TokenHash = slices.Clone(device.TokenHash)
	}
	return c
}

// Clone returns a copy that shares nothing with l, which may be nil.
func (l *Link) Clone() *Link {
	if l == nil {
		return nil
	}
	return &Link{TokenHash: slices.Clone(l.TokenHash), ExpiresAt: l.ExpiresAt}
}
