package userman

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
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
	// ID is set by the service. It never changes and is never reused.
	ID store.UserID `json:"id"`
	// Username is the login name, often an email address or first.last. It has 1 to 64
	// characters: letters of any script, digits and . - _ + @. It begins with a letter
	// or a digit. It is stored in NFC, is unique, ignoring case, and can be changed.
	Username string `json:"username"`
	// Description, Title, Company and Department are free text.
	Description string `json:"description"`
	Title       string `json:"title"`
	Company     string `json:"company"`
	Department  string `json:"department"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	// DisplayName is the name on pages and in mails. If it is empty, [User.Name]
	// returns another name.
	DisplayName string `json:"display_name"`

	// Email receives the mails.
	Email string `json:"email"`
	// EmailBlocked means that the service mails no links to Email. The service sets it
	// when a grant revokes the address, see [Service.Update].
	EmailBlocked bool `json:"email_blocked"`
	// OtherEmails are more addresses, in order. They receive no mails.
	OtherEmails []string `json:"other_emails"`
	// Phone numbers may contain digits, plus, spaces and ().-/*#, and x or ext before
	// an extension.
	CellPhone string `json:"cell_phone"`
	HomePhone string `json:"home_phone"`
	WorkPhone string `json:"work_phone"`
	Fax       string `json:"fax"`

	// Language is a BCP 47 tag in canonical form, such as "de" or "zh-Hans". It is the
	// language of mails to the user. Empty means the language of the service.
	Language string `json:"language"`
	// TimeZone is an IANA name such as "Europe/Berlin". Empty means UTC.
	TimeZone string `json:"time_zone"`

	// DefaultExtension is the user's own extension. No other user has the same one.
	// Empty means none. An extension has 1 to 20 digits. Leading zeros are significant.
	DefaultExtension string `json:"default_extension"`
	// LinkedExtensions are more extensions of the user, in order. Several users can
	// share one. LinkedExtensions does not contain the default extension.
	LinkedExtensions []string `json:"linked_extensions"`

	// Groups are the names of the groups of the user, sorted.
	Groups []string `json:"groups"`
	// Permissions are the permissions set for this user. They override the permissions
	// of groups.
	Permissions permission.Permissions `json:"permissions"`

	// Disabled prevents every login of the user and ends all sessions.
	Disabled bool `json:"disabled"`
	// MustChangePassword means that the user must change the password after the next
	// login. Changing the password clears this field.
	MustChangePassword bool `json:"must_change_password"`

	// Directory is the name of the directory that the user comes from. ExternalID is
	// the unique key of the user in this directory. [Service.Sync] sets both. Directory
	// is empty for local users. A product can store its own key of a local user in
	// ExternalID.
	Directory  string `json:"directory"`
	ExternalID string `json:"external_id"`

	// Picture is the version of the picture, see [Service.SetPicture]. It is empty if
	// the user has no picture.
	Picture string `json:"picture"`

	// The service sets Credentials and Activation. It removes both from the users that
	// it returns.
	Credentials credential.Credentials `json:"-"`
	// EmailCreator is the administrator who set Email.
	EmailCreator credential.Creator `json:"-"`
	// Activation is the link to set up a softphone. It is nil if there is none.
	Activation *credential.OneTimeToken `json:"-"`
	// SessionEpoch increases when all sessions of the user end, see [Service.Session].
	SessionEpoch int64 `json:"-"`

	// The service derives these fields from the credentials. A backend does not store
	// them. HasPassword reports whether the service stores a password for the user.
	// ExternalPassword reports whether the user's directory manages the password.
	// InvitationExpiresAt is the time when the link to set a password expires. It is
	// zero if there is no link. PasswordExpiresAt is zero for a password that does not
	// expire.
	HasPassword         bool      `json:"has_password"`
	ExternalPassword    bool      `json:"external_password"`
	HasSecondFactor     bool      `json:"has_second_factor"`
	InvitationExpiresAt time.Time `json:"invitation_expires_at,omitzero"`
	PasswordExpiresAt   time.Time `json:"password_expires_at,omitzero"`

	// The service sets the times, in UTC with microsecond precision. Zero means never.
	// WelcomedAt is the time when the mail server accepted a welcome mail.
	// MissingSince is the time when a sync first found the user missing from the
	// directory, or disabled there. It is zero for users whom an administrator
	// disabled. DeletedAt is set for deleted users. They can be restored. Other users
	// can have their username and default extension.
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	PasswordChangedAt time.Time `json:"password_changed_at,omitzero"`
	LastLoginAt       time.Time `json:"last_login_at,omitzero"`
	WelcomedAt        time.Time `json:"welcomed_at,omitzero"`
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

// SuggestUsername returns a username for a new user: first and last name in lower case,
// such as jane.roe, or else the local part of the email address. Accents are left out, and
// German umlauts are two letters, such as juergen; letters without a Latin spelling stay. It
// returns "" if neither gives a valid username. Another user may have the username.
func SuggestUsername(u *User) string {
	local, _, _ := strings.Cut(u.Email, "@")
	for _, name := range []string{u.FirstName + " " + u.LastName, local} {
		if name = username.Latin(strings.ToLower(username.Derive(name))); username.Valid(name) {
			return name
		}
	}
	return ""
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

// PasswordChangeRequired reports whether u must change the password. Until then, a
// session may only call [Service.ChangePassword]. The user must change the password if
// an administrator requires it, or if the password has expired at the time now. It is
// false if the directory of u manages the password. u must be a user that the service
// returned.
func (u *User) PasswordChangeRequired(now time.Time) bool {
	if !u.HasPassword || u.ExternalPassword {
		return false
	}
	expired := !u.PasswordExpiresAt.IsZero() && !now.Before(u.PasswordExpiresAt)
	return u.MustChangePassword || expired
}
