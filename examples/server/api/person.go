package api

import (
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
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
	FurtherEmails      optional[[]string] `json:"further_emails,omitzero"`
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

// set sets the fields of u that are given, and returns those that cannot be
// read.
func (c *UserChanges) set(u *userman.User, known []userman.Permission) []store.FieldError {
	for to, from := range map[*string]*optional[string]{
		&u.Username: &c.Username, &u.Description: &c.Description, &u.Title: &c.Title, &u.Company: &c.Company,
		&u.Department: &c.Department, &u.FirstName: &c.FirstName, &u.LastName: &c.LastName, &u.DisplayName: &c.DisplayName,
		&u.Email: &c.Email, &u.CellPhone: &c.CellPhone, &u.HomePhone: &c.HomePhone, &u.WorkPhone: &c.WorkPhone, &u.Fax: &c.Fax,
		&u.Language: &c.Language, &u.TimeZone: &c.TimeZone, &u.DefaultExtension: &c.DefaultExtension, &u.ExternalID: &c.ExternalID,
	} {
		from.into(to)
	}
	c.FurtherEmails.into(&u.FurtherEmails)
	c.LinkedExtensions.into(&u.LinkedExtensions)
	c.Groups.into(&u.Groups)
	c.Disabled.into(&u.Disabled)
	c.MustChangePassword.into(&u.MustChangePassword)
	return setPermissions(c.Permissions, &u.Permissions, known)
}

// shownUser is a person as the API and pbxctl show it: with a password only
// where one was generated, and is shown once.
type shownUser struct {
	*userman.User
	Secret string `json:"secret,omitempty"`
}

func showUser(u *userman.User) shownUser { return shownUser{User: u} }

// shownAfter shows somebody who was changed.
func shownAfter(u *userman.User, err error) (shownUser, error) {
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

// tag returns the tag of the person, whether or not a password is shown. A
// login does not change it: who edits a person overwrites nothing of it.
func (s shownUser) tag() string {
	tagged := *s.User
	tagged.LastLoginAt = time.Time{}
	return etagOf(&tagged)
}

func exampleUser() shownUser {
	made := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return showUser(&userman.User{
		ID: "7h2kq9x4v1n8b3m6t5w0r2yz", Username: "jane.roe", FirstName: "Jane", LastName: "Roe", Email: "jane.roe@example.com",
		FurtherEmails: []string{}, DefaultExtension: "4001", LinkedExtensions: []string{}, Groups: []string{"Sales"},
		Permissions: userman.Permissions{userman.XMPPLogin: userman.On(), userman.HistoryExtensions: userman.Extend("4100")},
		Language:    "en", TimeZone: "Europe/Berlin", HasPassword: true, CreatedAt: made, UpdatedAt: made, PasswordChangedAt: made,
	})
}

func exampleGenerated() shownUser {
	shown := exampleUser()
	shown.Secret = "ExampLe2fGenerated34"
	return shown
}
