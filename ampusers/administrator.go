package ampusers

import (
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Bounds of the fields of an [Administrator].
const (
	// MaxUsernameLength and MaxDisplayNameLength are counted in characters.
	MaxUsernameLength    = 64
	MaxDisplayNameLength = 200
	// MaxRanges bounds Extensions and DIDs, each, after merging.
	MaxRanges = 64
	MaxTeams  = 256
	// MaxDevices is how many devices are remembered; the one that was not
	// used for longest is forgotten.
	MaxDevices = 8
)

// Access says whether an administrator may do everything.
type Access string

// The kinds of access.
const (
	// Full is unrestricted: every section, extension, DID and team.
	Full Access = "full"
	// Limited is restricted to what is listed.
	Limited Access = "limited"
)

// Administrator is somebody who logs in to the pages or the API of the product.
type Administrator struct {
	// Username is what the administrator logs in with: 2 to 64 letters of
	// any script, digits, dots, dashes, underscores and @, beginning with a
	// letter or a digit. It is kept in NFC, unique without regard to case,
	// and never changes.
	Username string `json:"username" validate:"required,username"`
	// DisplayName is for people.
	DisplayName string `json:"display_name" validate:"max=200,plain_line"`

	// Access is Limited unless given.
	Access Access `json:"access" validate:"oneof=full limited"`
	// Sections are the ids of what a Limited administrator sees and
	// changes, sorted; none means nothing. A Full one has none listed.
	Sections []string `json:"sections"`
	// Extensions and DIDs narrow a Limited administrator further; blank
	// means all. Reading and writing are narrowed alike.
	Extensions Ranges `json:"extensions"`
	DIDs       Ranges `json:"dids"`
	// Teams narrow a Limited administrator to these teams, sorted; none
	// means all.
	Teams []string `json:"teams" validate:"max=256"`

	// Disabled keeps the administrator from logging in, and ends every
	// session at once.
	Disabled bool `json:"disabled"`

	// Credentials are set by the service only, and left out of whatever it
	// returns.
	Credentials Credentials `json:"-"`
	// SessionGeneration counts up whenever all sessions end: see
	// [Service.Session].
	SessionGeneration int64 `json:"-"`

	// HasPassword, HasSecondFactor and InvitedUntil tell of the credentials;
	// the service sets them in whatever it returns, and a backend does not
	// keep them. Without a password nobody can log in; with a second factor
	// a code is asked for; InvitedUntil is when the link with which a
	// password may be set expires, zero when there is none.
	HasPassword     bool      `json:"has_password"`
	HasSecondFactor bool      `json:"has_second_factor"`
	InvitedUntil    time.Time `json:"invited_until,omitzero"`

	// The times are UTC with microseconds; the service sets them. Zero means
	// never.
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	PasswordChangedAt time.Time `json:"password_changed_at,omitzero"`
	LastLoginAt       time.Time `json:"last_login_at,omitzero"`
}

// Credentials are what an administrator proves to be the one with.
type Credentials struct {
	// PasswordHash is zero when there is no password.
	PasswordHash store.Secret
	// SecondFactor is nil when a password is enough.
	SecondFactor *SecondFactor
	// Invitation is the link with which a password may be set; nil when
	// there is none.
	Invitation *Invitation
	// Devices are those that the administrator has logged in from, the one
	// that was used last at the end.
	Devices []Device
}

// SecondFactor is what is kept of an authenticator app.
type SecondFactor struct {
	// Secret is shared with the app.
	Secret store.Secret
	// Confirmed says that a code was seen; until then it is not asked for.
	Confirmed bool
	// LastStep is the time step of the last code that was accepted.
	LastStep int64
	// RecoveryHashes are those of the recovery codes that are left.
	RecoveryHashes [][]byte
}

// Invitation is what is kept of a link with which a password may be set once.
type Invitation struct {
	// TokenHash is SHA-256 of the token.
	TokenHash []byte
	ExpiresAt time.Time
}

// Device is what is kept of a device that the administrator has logged in from.
type Device struct {
	// TokenHash is SHA-256 of the token that the device holds.
	TokenHash []byte    `json:"token_hash"`
	UsedAt    time.Time `json:"used_at"`
}

// Clone returns a copy that shares nothing with a.
func (a *Administrator) Clone() *Administrator {
	c := *a
	c.Sections = slices.Clone(a.Sections)
	c.Teams = slices.Clone(a.Teams)
	c.Extensions, c.DIDs = a.Extensions.Clone(), a.DIDs.Clone()
	c.Credentials = a.Credentials.clone()
	return &c
}

// clone returns a copy that shares nothing with c.
func (c Credentials) clone() Credentials {
	if c.SecondFactor != nil {
		factor := *c.SecondFactor
		factor.RecoveryHashes = make([][]byte, len(c.SecondFactor.RecoveryHashes))
		for i, hash := range c.SecondFactor.RecoveryHashes {
			factor.RecoveryHashes[i] = slices.Clone(hash)
		}
		c.SecondFactor = &factor
	}
	if c.Invitation != nil {
		c.Invitation = &Invitation{TokenHash: slices.Clone(c.Invitation.TokenHash), ExpiresAt: c.Invitation.ExpiresAt}
	}
	c.Devices = slices.Clone(c.Devices)
	for i, device := range c.Devices {
		c.Devices[i].TokenHash = slices.Clone(device.TokenHash)
	}
	return c
}
