package api

import (
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// NewUser is a person to be made.
type NewUser struct {
	Username string       `json:"username"`
	Password store.Secret `json:"password,omitzero"`
	Generate bool         `json:"generate,omitempty"`
	UserChanges
}

// UserChanges are the fields of a person to be set.
type UserChanges struct {
	Username           optional[string]   `json:"username,omitzero"`
	Description        optional[string]   `json:"description,omitzero"`
	Title              optional[string]   `json:"title,omitzero"`
	Company            optional[string]   `json:"company,omitzero"`
	Department         optional[string]   `json:"department,omitzero"`
	FirstName          optional[string]   `json:"first_name,omitzero"`
	LastName           optional[string]   `json:"last_name,omitzero"`
	DisplayName        optional[string]   `json:"display_name,omitzero"`
	Email              optional[string]   `json:"email,omitzero"`
	OtherEmails        optional[[]string] `json:"other_emails,omitzero"`
	CellPhone          optional[string]   `json:"cell_phone,omitzero"`
	HomePhone          optional[string]   `json:"home_phone,omitzero"`
	WorkPhone          optional[string]   `json:"work_phone,omitzero"`
	Fax                optional[string]   `json:"fax,omitzero"`
	Language           optional[string]   `json:"language,omitzero"`
	TimeZone           optional[string]   `json:"time_zone,omitzero"`
	DefaultExtension   optional[string]   `json:"default_extension,omitzero"`
	LinkedExtensions   optional[[]string] `json:"linked_extensions,omitzero"`
	Groups             optional[[]string] `json:"groups,omitzero"`
	Permissions        permissionChanges  `json:"permissions,omitzero"`
	Disabled           optional[bool]     `json:"disabled,omitzero"`
	MustChangePassword optional[bool]     `json:"must_change_password,omitzero"`
	ExternalID         optional[string]   `json:"external_id,omitzero"`
}

// applyTo sets the fields of u that are given, and returns those that cannot be
// read.
func (c *UserChanges) applyTo(u *userman.User, registry []permission.Permission) []store.FieldError {
	for to, from := range map[*string]*optional[string]{
		&u.Username: &c.Username, &u.Description: &c.Description, &u.Title: &c.Title, &u.Company: &c.Company,
		&u.Department: &c.Department, &u.FirstName: &c.FirstName, &u.LastName: &c.LastName, &u.DisplayName: &c.DisplayName,
		&u.Email: &c.Email, &u.CellPhone: &c.CellPhone, &u.HomePhone: &c.HomePhone, &u.WorkPhone: &c.WorkPhone, &u.Fax: &c.Fax,
		&u.Language: &c.Language, &u.TimeZone: &c.TimeZone, &u.DefaultExtension: &c.DefaultExtension, &u.ExternalID: &c.ExternalID,
	} {
		from.assignTo(to)
	}
	c.OtherEmails.assignTo(&u.OtherEmails)
	c.LinkedExtensions.assignTo(&u.LinkedExtensions)
	c.Groups.assignTo(&u.Groups)
	c.Disabled.assignTo(&u.Disabled)
	c.MustChangePassword.assignTo(&u.MustChangePassword)
	return setPermissions(c.Permissions, &u.Permissions, registry)
}

// shownUser is a person as the API and pbxctl show it: with a password only
// where one was generated, and is shown once.
type shownUser struct {
	*userman.User
	Secret string `json:"secret,omitempty"`
}

func showUser(u *userman.User) shownUser { return shownUser{User: u} }

// userResult shows somebody who was changed.
func userResult(u *userman.User, err error) (shownUser, error) {
	if err != nil {
		return shownUser{}, err
	}
	return showUser(u), nil
}

// withPassword shows a password that was generated: who gave one has it.
func withPassword(u *userman.User, password store.Secret, generated bool) shownUser {
	shown := showUser(u)
	if generated {
		shown.Secret = password.Reveal()
	}
	return shown
}

// etag returns the tag of the person, whether or not a password is shown. A
// login does not change it: who edits a person overwrites nothing of it.
func (s shownUser) etag() string {
	tagged := *s.User
	tagged.LastLoginAt = time.Time{}
	return computeETag(&tagged)
}

func exampleUser() shownUser {
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return showUser(&userman.User{
		ID: "7h2kq9x4v1n8b3m6t5w0r2yz", Username: "jane.roe", FirstName: "Jane", LastName: "Roe", Email: "jane.roe@example.com",
		OtherEmails: []string{}, DefaultExtension: "4001", LinkedExtensions: []string{}, Groups: []string{"Sales"},
		Permissions: permission.Permissions{permission.XMPPLogin: permission.On(), permission.HistoryExtensions: permission.Append("4100")},
		Language:    "en", TimeZone: "Europe/Berlin", HasPassword: true, CreatedAt: created, UpdatedAt: created, PasswordChangedAt: created,
	})
}

func exampleGenerated() shownUser {
	shown := exampleUser()
	shown.Secret = "ExampLe2fGenerated34"
	return shown
}
