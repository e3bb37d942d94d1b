package ampusers

import (
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
)

// Bounds of the fields of an [Administrator].
const (
	// MaxUsernameLength and MaxDisplayNameLength are counted in characters.
	MaxUsernameLength    = 64
	MaxDisplayNameLength = 200
	MaxTeams             = 256
)

// AccessLevel is the kind of access of an administrator.
type AccessLevel string

// The access levels.
const (
	// Full is unrestricted: every section, extension, DID and team.
	Full AccessLevel = "full"
	// Limited is restricted to the listed sections, extensions, DIDs and teams.
	Limited AccessLevel = "limited"
)

// Administrator is a login to the pages or the API of the product.
type Administrator struct {
	// Username is the login name: 1 to 64 letters of any script, digits, dots,
	// dashes, underscores, plus and @, starting with a letter or a digit. It is
	// stored in NFC, is unique regardless of case, and never changes.
	Username string `json:"username"`
	// DisplayName is free text.
	DisplayName string `json:"display_name"`

	// Access defaults to Limited.
	Access AccessLevel `json:"access"`
	// Sections are the IDs of the sections that a Limited administrator can use,
	// sorted. A Full administrator has none.
	Sections []string `json:"sections"`
	// Extensions and DIDs restrict a Limited administrator, for reading and
	// writing. Empty means all.
	Extensions scope.Ranges `json:"extensions"`
	DIDs       scope.Ranges `json:"dids"`
	// Teams restrict a Limited administrator to these teams, sorted. Empty means
	// all.
	Teams []string `json:"teams"`

	// Disabled prevents every login and ends all sessions.
	Disabled bool `json:"disabled"`

	// Credentials are set by the service only. The service never returns them.
	Credentials credential.Credentials `json:"-"`
	// SessionEpoch increases when all sessions end; see [Service.Session].
	SessionEpoch int64 `json:"-"`
	// CredentialsRevokedAt is when a grant of more rights last revoked the password or
	// the second factor (see [Service.Update]), or when a password that a limited
	// administrator had set last ended. Zero means never.
	CredentialsRevokedAt time.Time `json:"-"`

	// HasPassword, HasSecondFactor and InvitationExpiresAt describe the
	// credentials. The service sets them in the records that it returns, and a
	// backend does not store them. Without a password nobody can log in. With a
	// second factor a login needs a code. InvitationExpiresAt is when the link to
	// set a password expires, or zero if there is none.
	HasPassword         bool      `json:"has_password"`
	HasSecondFactor     bool      `json:"has_second_factor"`
	InvitationExpiresAt time.Time `json:"invitation_expires_at,omitzero"`

	// The service sets the times, in UTC with microseconds. Zero means never.
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	PasswordChangedAt time.Time `json:"password_changed_at,omitzero"`
	LastLoginAt       time.Time `json:"last_login_at,omitzero"`
}

// Clone returns a deep copy of a.
func (a *Administrator) Clone() *Administrator {
	c := *a
	c.Sections = slices.Clone(a.Sections)
	c.Teams = slices.Clone(a.Teams)
	c.Extensions, c.DIDs = a.Extensions.Clone(), a.DIDs.Clone()
	c.Credentials = a.Credentials.Clone()
	return &c
}
