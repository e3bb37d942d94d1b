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

// Bounds of the fields of a [User], in characters unless noted otherwise.
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

// User is a user of the PBX.
type User struct {
	// ID has 24 lower-case letters and digits. The service sets it. It never changes
	// and is never used again.
	ID string `json:"id"`
	// Username is the login name, often an email address or first.last: 2 to 64 letters
	// of any script, digits, dots, dashes, underscores, plus and @, beginning with a
	// letter or a digit. It is stored in NFC, is unique without regard to case, and can
	// be changed.
	Username string `json:"username"`
	// Description, Title, Company and Department are for the directory.
	Description string `json:"description"`
	Title       string `json:"title"`
	Company     string `json:"company"`
	Department  string `json:"department"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	// DisplayName is the name on pages and in mails. See [User.Name] for the
	// replacement of an empty one.
	DisplayName string `json:"display_name"`

	// Email receives the mails. OtherEmails are for the directory, in their order.
	Email       string   `json:"email"`
	OtherEmails []string `json:"other_emails"`
	// Phone numbers are free text of digits, plus, spaces and ().-/*#, with x or ext
	// before an extension.
	CellPhone string `json:"cell_phone"`
	HomePhone string `json:"home_phone"`
	WorkPhone string `json:"work_phone"`
	Fax       string `json:"fax"`

	// Language is a BCP 47 tag in canonical form, such as "de" or "zh-Hans". Mails are
	// written in it. Empty means the language of the service.
	Language string `json:"language"`
	// TimeZone is an IANA name such as "Europe/Berlin"; empty is UTC.
	TimeZone string `json:"time_zone"`

	// DefaultExtension is the extension that belongs to this user only. Empty means
	// none. An extension has 1 to 20 digits; leading zeros count.
	DefaultExtension string `json:"default_extension"`
	// LinkedExtensions are further extensions of the user, in their order. Several
	// users can share one. The default extension is not among them.
	LinkedExtensions []string `json:"linked_extensions"`

	// Groups are the names of the groups of the user, sorted.
	Groups []string `json:"groups"`
	// Permissions are the permissions set for this user. They override those of groups.
	Permissions permission.Permissions `json:"permissions"`

	// Disabled rejects every login of the user and ends all sessions.
	Disabled bool `json:"disabled"`
	// MustChangePassword limits the next sessions to changing the password. Changing it
	// clears the field.
	MustChangePassword bool `json:"must_change_password"`

	// Directory is the name of the directory that the user comes from, and ExternalID
	// the unique key of the user in it. [Service.Sync] sets both; they are empty for
	// local users. A product can store its own key of a local user in ExternalID.
	Directory  string `json:"directory"`
	ExternalID string `json:"external_id"`

	// Picture is the version of the picture, empty when there is none; see
	// [Service.SetPicture].
	Picture string `json:"picture"`

	// Credentials and Activation are set by the service, which removes them from the
	// users that it returns.
	Credentials credential.Credentials `json:"-"`
	// Activation is the link to set up a softphone; nil when there is none.
	Activation *credential.OneTimeToken `json:"-"`
	// SessionEpoch is incremented when all sessions end, see [Service.Session].
	SessionEpoch int64 `json:"-"`

	// The service derives these fields from the credentials; a backend does not store
	// them. HasPassword reports whether a password is stored here. ExternalPassword
	// reports whether the directory of the user keeps the password. InvitationExpiresAt
	// is the time when the link to set a password expires, zero without a link.
	// PasswordExpiresAt is zero for a password that does not expire.
	HasPassword         bool      `json:"has_password"`
	ExternalPassword    bool      `json:"external_password"`
	HasSecondFactor     bool      `json:"has_second_factor"`
	InvitationExpiresAt time.Time `json:"invitation_expires_at,omitzero"`
	PasswordExpiresAt   time.Time `json:"password_expires_at,omitzero"`

	// The service sets the times, in UTC to the microsecond. Zero means never.
	// WelcomedAt is the time when the mail server accepted a welcome mail,
	// WelcomeStartedAt the time when sending last began. MissingSince is the time when
	// a sync first missed the user in the directory or found the user disabled there.
	// It is zero for users who were disabled manually. DeletedAt is set for deleted
	// users, who can be restored; their username and default extension are free for
	// others.
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	PasswordChangedAt time.Time `json:"password_changed_at,omitzero"`
	LastLoginAt       time.Time `json:"last_login_at,omitzero"`
	WelcomedAt        time.Time `json:"welcomed_at,omitzero"`
	WelcomeStartedAt  time.Time `json:"-"`
	MissingSince      time.Time `json:"missing_since,omitzero"`
	DeletedAt         time.Time `json:"deleted_at,omitzero"`
}

// Clone returns a deep copy of u.
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

// Name returns the display name, or the first and last name, or the username.
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

// HasExtension reports whether the extension is the default or a linked extension of u.
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
