package userman

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store/credential"
)

// sealedUser is all that is kept of a person, in a form that is equal for equal
// records only; what holds nothing is left out, so that a field may be added.
// Every write is in the trail, so nothing else has to be left out. Times are
// microseconds, as the store keeps them.
type sealedUser struct {
	ID            string   `json:"id,omitempty"`
	Username      string   `json:"username,omitempty"`
	Description   string   `json:"description,omitempty"`
	Title         string   `json:"title,omitempty"`
	Company       string   `json:"company,omitempty"`
	Department    string   `json:"department,omitempty"`
	FirstName     string   `json:"first_name,omitempty"`
	LastName      string   `json:"last_name,omitempty"`
	DisplayName   string   `json:"display_name,omitempty"`
	Email         string   `json:"email,omitempty"`
	FurtherEmails []string `json:"further_emails,omitempty"`
	CellPhone     string   `json:"cell_phone,omitempty"`
	HomePhone     string   `json:"home_phone,omitempty"`
	WorkPhone     string   `json:"work_phone,omitempty"`
	Fax           string   `json:"fax,omitempty"`
	Language      string   `json:"language,omitempty"`
	TimeZone      string   `json:"time_zone,omitempty"`

	DefaultExtension string      `json:"default_extension,omitempty"`
	LinkedExtensions []string    `json:"linked_extensions,omitempty"`
	Groups           []string    `json:"groups,omitempty"`
	Permissions      Permissions `json:"permissions,omitempty"`

	Disabled           bool   `json:"disabled,omitempty"`
	MustChangePassword bool   `json:"must_change_password,omitempty"`
	Directory          string `json:"directory,omitempty"`
	ExternalID         string `json:"external_id,omitempty"`
	Picture            string `json:"picture,omitempty"`

	login.Sealed

	Activation        *sealedLink `json:"activation,omitempty"`
	SessionGeneration int64       `json:"session_generation,omitempty"`

	CreatedAt         int64 `json:"created_at,omitempty"`
	UpdatedAt         int64 `json:"updated_at,omitempty"`
	PasswordChangedAt int64 `json:"password_changed_at,omitempty"`
	LastLoginAt       int64 `json:"last_login_at,omitempty"`
	WelcomedAt        int64 `json:"welcomed_at,omitempty"`
	WelcomeBegunAt    int64 `json:"welcome_begun_at,omitempty"`
	MissingSince      int64 `json:"missing_since,omitempty"`
	DeletedAt         int64 `json:"deleted_at,omitempty"`
}

type sealedLink struct {
	TokenHash []byte `json:"token_hash"`
	ExpiresAt int64  `json:"expires_at"`
}

// sealed returns u as the trail takes its fingerprint of it.
func sealed(u *User) []byte {
	return document(sealedUser{
		ID: u.ID, Username: u.Username, Description: u.Description, Title: u.Title, Company: u.Company, Department: u.Department,
		FirstName: u.FirstName, LastName: u.LastName, DisplayName: u.DisplayName,
		Email: u.Email, FurtherEmails: u.FurtherEmails, CellPhone: u.CellPhone, HomePhone: u.HomePhone, WorkPhone: u.WorkPhone, Fax: u.Fax,
		Language: u.Language, TimeZone: u.TimeZone,
		DefaultExtension: u.DefaultExtension, LinkedExtensions: u.LinkedExtensions, Groups: u.Groups, Permissions: u.Permissions,
		Disabled: u.Disabled, MustChangePassword: u.MustChangePassword,
		Directory: u.Directory, ExternalID: u.ExternalID, Picture: u.Picture,
		Sealed: login.Seal(&u.Credentials), Activation: sealLink(u.Activation), SessionGeneration: u.SessionGeneration,
		CreatedAt: micro(u.CreatedAt), UpdatedAt: micro(u.UpdatedAt),
		PasswordChangedAt: micro(u.PasswordChangedAt), LastLoginAt: micro(u.LastLoginAt),
		WelcomedAt: micro(u.WelcomedAt), WelcomeBegunAt: micro(u.WelcomeBegunAt),
		MissingSince: micro(u.MissingSince), DeletedAt: micro(u.DeletedAt),
	})
}

func sealLink(link *credential.Link) *sealedLink {
	if link == nil {
		return nil
	}
	return &sealedLink{link.TokenHash, micro(link.ExpiresAt)}
}

// sealedGroup returns g as the trail takes its fingerprint of it. Who is in it
// is sealed with each person.
func sealedGroup(g *Group) []byte {
	return document(struct {
		Name        string      `json:"name,omitempty"`
		Description string      `json:"description,omitempty"`
		Priority    int         `json:"priority,omitempty"`
		Default     bool        `json:"default,omitempty"`
		Permissions Permissions `json:"permissions,omitempty"`
		Directory   string      `json:"directory,omitempty"`
		CreatedAt   int64       `json:"created_at,omitempty"`
		UpdatedAt   int64       `json:"updated_at,omitempty"`
	}{g.Name, g.Description, g.Priority, g.Default, g.Permissions, g.Directory, micro(g.CreatedAt), micro(g.UpdatedAt)})
}

// sealedToken returns t as the trail takes its fingerprint of it, without the
// counts of its requests: those are not told to the trail.
func sealedToken(t *Token) []byte {
	return document(struct {
		ID              string         `json:"id,omitempty"`
		UserID          string         `json:"user_id,omitempty"`
		Description     string         `json:"description,omitempty"`
		Disabled        bool           `json:"disabled,omitempty"`
		Extensions      []string       `json:"extensions,omitempty"`
		Modules         []string       `json:"modules,omitempty"`
		RequestsPerHour int            `json:"requests_per_hour,omitempty"`
		Addresses       []netip.Prefix `json:"addresses,omitempty"`
		ExpiresAt       int64          `json:"expires_at,omitempty"`
		KeyHash         []byte         `json:"key_hash,omitempty"`
		CreatedAt       int64          `json:"created_at,omitempty"`
		UpdatedAt       int64          `json:"updated_at,omitempty"`
		KeyMadeAt       int64          `json:"key_made_at,omitempty"`
	}{
		t.ID, t.UserID, t.Description, t.Disabled, t.Extensions, t.Modules, t.RequestsPerHour, t.Addresses, micro(t.ExpiresAt),
		t.KeyHash, micro(t.CreatedAt), micro(t.UpdatedAt), micro(t.KeyMadeAt),
	})
}

// micro returns a time as the store keeps it; 0 for none.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func document(record any) []byte {
	text, err := json.Marshal(record)
	if err != nil {
		panic("userman: " + err.Error()) // text, numbers and bytes always have a form
	}
	return text
}
