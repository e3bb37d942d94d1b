package api

import (
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// NewAdministrator is an administrator to be made.
type NewAdministrator struct {
	Username string       `json:"username"`
	Password store.Secret `json:"password,omitzero"`
	AdministratorChanges
}

// AdministratorChanges are the fields of an administrator to be set.
type AdministratorChanges struct {
	DisplayName optional[string]   `json:"display_name,omitzero"`
	Access      optional[string]   `json:"access,omitzero"`
	Sections    optional[[]string] `json:"sections,omitzero"`
	Extensions  optional[string]   `json:"extensions,omitzero"`
	DIDs        optional[string]   `json:"dids,omitzero"`
	Teams       optional[[]string] `json:"teams,omitzero"`
	Disabled    optional[bool]     `json:"disabled,omitzero"`
}

// set sets the fields of who that are given, and returns those that cannot be
// read.
func (c *AdministratorChanges) set(who *ampusers.Administrator) []store.FieldError {
	c.DisplayName.into(&who.DisplayName)
	c.Sections.into(&who.Sections)
	c.Teams.into(&who.Teams)
	c.Disabled.into(&who.Disabled)
	if c.Access.set {
		who.Access = ampusers.Access(c.Access.value)
	}
	if c.Access.null {
		who.Access = ampusers.Limited
	}
	return append(setRanges("extensions", c.Extensions, &who.Extensions), setRanges("dids", c.DIDs, &who.DIDs)...)
}

func setRanges(field string, given optional[string], ranges *ampusers.Ranges) []store.FieldError {
	if !given.set {
		return nil
	}
	parsed, err := ampusers.ParseRanges(given.value)
	if err != nil {
		return renamed(field, err)
	}
	*ranges = parsed
	return nil
}

// shownAdministrator is an administrator as the API shows it.
type shownAdministrator struct {
	*ampusers.Administrator
	Invitation *invitation `json:"invitation,omitempty"`
}

// administratorETag returns the tag of an administrator, which a login does not
// change: who edits an administrator overwrites nothing of it.
func administratorETag(who *ampusers.Administrator) string {
	tagged := *who
	tagged.LastLoginAt = time.Time{}
	return etagOf(&tagged)
}

// invitation is a link with which a password may be set once.
type invitation struct {
	Username  string    `json:"username"`
	Token     string    `json:"token"`
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *api) shownInvitation(link *ampusers.Link) *invitation {
	token := link.Token.Reveal()
	return &invitation{Username: link.Username, Token: token, URL: a.baseURL + "/set-password/" + token, ExpiresAt: link.ExpiresAt}
}

func exampleAdministrator() shownAdministrator {
	made := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return shownAdministrator{Administrator: &ampusers.Administrator{
		Username: "jane.admin", DisplayName: "Jane Doe", Access: ampusers.Limited,
		Sections: []string{exampleSection().ID}, Teams: []string{}, HasPassword: true, CreatedAt: made, UpdatedAt: made,
	}}
}

func exampleInvitation() *invitation {
	return &invitation{
		Username: "jane.admin", Token: "example-of-an-invitation-token-example-exam",
		URL:       "https://pbx.example.com/set-password/example-of-an-invitation-token-example-exam",
		ExpiresAt: time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC),
	}
}

func exampleInvited() shownAdministrator {
	invited := exampleAdministrator()
	invited.Invitation = exampleInvitation()
	invited.HasPassword, invited.InvitedUntil = false, invited.Invitation.ExpiresAt
	return invited
}
