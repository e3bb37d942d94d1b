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

// AccessLevel says whether an administrator may do everything.
type AccessLevel string

// The kinds of access.
const (
	// Full is unrestricted: every section, extension, DID and team.
	Full AccessLevel = "full"
	// Limited is restricted to what is listed.
	Limited AccessLevel = "limited"
)

// Administrator is somebody who logs in to the pages or the API of the product.
type Administrator struct {
	// Username is what the administrator logs in with: 2 to 64 letters of
	// any script, digits, dots, dashes, underscores, plus and @, beginning
	// with a letter or a digit. It is kept in NFC, unique without regard to
	// case, and never changes.
	Username string `json:"username"`
	// DisplayName is for people.
	DisplayName string `json:"display_name"`

	// Access is Limited unless given.
	Access AccessLevel `json:"access"`
	// Sections are the ids of what a Limited administrator sees and
	// changes, sorted; none means nothing. A Full one has none listed.
	Sections []string `json:"sections"`
	// Extensions and DIDs narrow a Limited administrator further; blank
	// means all. Reading and writing are narrowed alike.
	Extensions scope.Ranges `json:"extensions"`
	DIDs       scope.Ranges `json:"dids"`
	// Teams narrow a Limited administrator to these teams, sorted; none
	// means all.
	Teams []string `json:"teams"`

	// Disabled keeps the administrator from logging in, and ends every
	// session at once.
	Disabled bool `json:"disabled"`

	// Credentials are set by the service only, and left out of whatever it
	// returns.
	Credentials credential.Credentials `json:"-"`
	// SessionEpoch counts up whenever all sessions end: see
	// [Service.Session].
	SessionEpoch int64 `json:"-"`

	// HasPassword, HasSecondFactor and InvitedUntil tell of the credentials;
	// the service sets them in whatever it returns, and a backend does not
	// keep them. Without a password nobody can log in; with a second factor
	// a code is asked for; InvitedUntil is when the link with which a
	// password may be set expires, zero when there is none.
	HasPassword         bool      `json:"has_password"`
	HasSecondFactor     bool      `json:"has_second_factor"`
	InvitationExpiresAt time.Time `json:"invitation_expires_at,omitzero"`

	// The times are UTC with microseconds; the service sets them. Zero means
	// never.
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	PasswordChangedAt time.Time `json:"password_changed_at,omitzero"`
	LastLoginAt       time.Time `json:"last_login_at,omitzero"`
}

// Clone returns a copy that shares nothing with a.
func (a *Administrator) Clone() *Administrator {
	c := *a
	c.Sections = slices.Clone(a.Sections)
	c.Teams = slices.Clone(a.Teams)
	c.Extensions, c.DIDs = a.Extensions.Clone(), a.DIDs.Clone()
	c.Credentials = a.Credentials.Clone()
	return &c
}
