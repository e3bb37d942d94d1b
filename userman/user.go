package userman

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Bounds of the fields of a [User], in characters unless said otherwise.
const (
	MaxDescriptionLength = 500
	MaxNameLength        = 100
	MaxDisplayNameLength = 200
	MaxEmailLength       = 254
	MaxPhoneLength       = 40
	MaxExternalIDLength  = 750
	// MaxOtherEmails, MaxLinkedExtensions and MaxGroupsPerUser count entries.
	MaxOtherEmails      = 20
	MaxLinkedExtensions = 200
	MaxGroupsPerUser    = 200
)

// userIDSize is the number of random bytes in the ID of a user.
const userIDSize = 15

// User is a person.
type User struct {
	// ID is 24 lower-case letters and digits that the service makes; it never
	// changes, and is not given to anybody else.
	ID string `json:"id"`
	// Username is what the person logs in with, often an email address or
	// first.last: 2 to 64 letters of any script (Chinese too), digits, dots,
	// dashes, underscores, plus and @, beginning with a letter or a digit. It
	// is kept in NFC and unique without regard to case. It may be changed.
	Username string `json:"username"`
	// Description, Title, Company and Department are for the directory.
	Description string `json:"description"`
	Title       string `json:"title"`
	Company     string `json:"company"`
	Department  string `json:"department"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	// DisplayName is how the person is called on pages and in mails; see
	// [User.Name] for what stands in for an empty one.
	DisplayName string `json:"display_name"`

	// Email is where mails go: password resets, notifications. OtherEmails
	// are for the directory, in their order.
	Email       string   `json:"email"`
	OtherEmails []string `json:"other_emails"`
	// The telephone numbers are as people write them: digits, plus, blanks,
	// and ().-/*#, with an x or ext before an extension.
	CellPhone string `json:"cell_phone"`
	HomePhone string `json:"home_phone"`
	WorkPhone string `json:"work_phone"`
	Fax       string `json:"fax"`

	// Language is a BCP 47 tag such as "de" or "zh-Hans", kept in canonical
	// form; mails are written in it. Empty is that of the service.
	Language string `json:"language"`
	// TimeZone is an IANA name such as "Europe/Berlin"; empty is UTC.
	TimeZone string `json:"time_zone"`

	// DefaultExtension is the extension that is this person's: no two people
	// of a team have the same. Empty is none. An extension is 1 to 20 digits;
	// leading zeros count.
	DefaultExtension string `json:"default_extension"`
	// LinkedExtensions are further extensions of the person, in their order;
	// several people may share one. The default one is not among them.
	LinkedExtensions []string `json:"linked_extensions"`

	// Groups are the names of the groups that the person is a member of,
	// sorted.
	Groups []string `json:"groups"`
	// Permissions are what is said of this person alone.
	Permissions permission.Permissions `json:"permissions"`

	// Disabled keeps the person from logging in anywhere, and ends every
	// session at once.
	Disabled bool `json:"disabled"`
	// MustChangePassword lets the person do nothing but change the password
	// after the next login. It goes when they have.
	MustChangePassword bool `json:"must_change_password"`

	// Directory names the directory that the person comes from, and
	// ExternalID is their key there, unique in it. Both are empty for people
	// who are kept here, and set by [Service.Sync] only; but a product may
	// keep its own key of a person in ExternalID.
	Directory  string `json:"directory"`
	ExternalID string `json:"external_id"`

	// Picture is the version of the person's picture, empty when there is
	// none; see [Service.SetPicture].
	Picture string `json:"picture"`

	// Credentials and Activation are set by the service only, and left out of
	// whatever it returns.
	Credentials credential.Credentials `json:"-"`
	// Activation is the link with which a softphone is set up; nil when there
	// is none.
	Activation *credential.OneTimeToken `json:"-"`
	// SessionEpoch counts up whenever all sessions end, see
	// [Service.Session].
	SessionEpoch int64 `json:"-"`

	// These tell of the credentials; the service sets them in whatever it
	// returns, and a backend does not keep them. HasPassword is of a password
	// that is kept here; PasswordElsewhere says that the person's directory
	// keeps it, so that it cannot be set here. InvitedUntil is when the link
	// with which a password may be set expires, zero when there is none;
	// PasswordExpiresAt is zero when it does not.
	HasPassword         bool      `json:"has_password"`
	ExternalPassword    bool      `json:"external_password"`
	HasSecondFactor     bool      `json:"has_second_factor"`
	InvitationExpiresAt time.Time `json:"invitation_expires_at,omitzero"`
	PasswordExpiresAt   time.Time `json:"password_expires_at,omitzero"`

	// The times are UTC with microseconds; the service sets them. Zero means
	// never. WelcomedAt is when a welcome mail was delivered to the mail
	// server, WelcomeBegunAt when one was last begun. MissingSince is when a
	// sync first missed the person in their directory, or found them disabled
	// there; zero of those who were disabled by hand. DeletedAt is set of
	// those who were deleted and can be restored; their username and default
	// extension are free for others.
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	PasswordChangedAt time.Time `json:"password_changed_at,omitzero"`
	LastLoginAt       time.Time `json:"last_login_at,omitzero"`
	WelcomedAt        time.Time `json:"welcomed_at,omitzero"`
	WelcomeStartedAt  time.Time `json:"-"`
	MissingSince      time.Time `json:"missing_since,omitzero"`
	DeletedAt         time.Time `json:"deleted_at,omitzero"`
}

// Clone returns a copy that shares nothing with u.
func (u *User) Clone() *User {
	c := *u
	c.OtherEmails = slices.Clone(u.OtherEmails)
	c.LinkedExtensions = slices.Clone(u.LinkedExtensions)
	c.Groups = slices.Clone(u.Groups)
	c.Permissions = maps.Clone(u.Permissions) // a Value never changes
	c.Credentials = u.Credentials.Clone()
	c.Activation = u.Activation.Clone()
	return &c
}

// Name returns how the person is called: the display name, or first and last
// name, or the username.
func (u *User) Name() string {
	return cmp.Or(u.DisplayName, strings.TrimSpace(u.FirstName+" "+u.LastName), u.Username)
}

// Extensions returns the default and the linked extensions, in this order.
func (u *User) Extensions() []string {
	extensions := make([]string, 0, 1+len(u.LinkedExtensions))
	if u.DefaultExtension != "" {
		extensions = append(extensions, u.DefaultExtension)
	}
	return append(extensions, u.LinkedExtensions...)
}

// HasExtension reports whether that extension is the person's, default or linked.
func (u *User) HasExtension(extension string) bool {
	return extension != "" && (u.DefaultExtension == extension || slices.Contains(u.LinkedExtensions, extension))
}

// PasswordChangeRequired reports whether a session of u, as the service returned it, is
// good for [Service.ChangePassword] only: an administrator requires a new password, or
// the password has expired at now. It is false if the directory of u keeps the password.
func (u *User) PasswordChangeRequired(now time.Time) bool {
	if !u.HasPassword || u.ExternalPassword {
		return false
	}
	expired := !u.PasswordExpiresAt.IsZero() && !now.Before(u.PasswordExpiresAt)
	return u.MustChangePassword || expired
}
