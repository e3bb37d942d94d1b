package api

import (
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
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

// applyTo sets the fields of who that are given, and returns those that cannot be
// read.
func (c *AdministratorChanges) applyTo(admin *ampusers.Administrator) []store.FieldError {
	c.DisplayName.assignTo(&admin.DisplayName)
	c.Sections.assignTo(&admin.Sections)
	c.Teams.assignTo(&admin.Teams)
	c.Disabled.assignTo(&admin.Disabled)
	if c.Access.set {
		admin.Access = ampusers.AccessLevel(c.Access.value)
	}
	if c.Access.null {
		admin.Access = ampusers.Limited
	}
	return append(setRanges("extensions", c.Extensions, &admin.Extensions), setRanges("dids", c.DIDs, &admin.DIDs)...)
}

func setRanges(field string, given optional[string], ranges *scope.Ranges) []store.FieldError {
	if !given.set {
		return nil
	}
	parsed, err := scope.ParseRanges(given.value)
	if err != nil {
		return fieldErrors(field, err)
	}
	*ranges = parsed
	return nil
}

// shownAdministrator is an administrator as the API shows it.
type shownAdministrator struct {
	*ampusers.Administrator
	Invitation *invitation `json:"invitation,omitempty"`
}

// computeAdministratorETag returns the tag of an administrator, which a login does not
// change: who edits an administrator overwrites nothing of it.
func computeAdministratorETag(admin *ampusers.Administrator) string {
	tagged := *admin
	tagged.LastLoginAt = time.Time{}
	return computeETag(&tagged)
}

// invitation is a link with which a password may be set once.
type invitation struct {
	Username  string    `json:"username"`
	Token     string    `json:"token"`
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *api) shownInvitation(link *credential.Link) *invitation {
	token := link.Token.Reveal()
	return &invitation{Username: link.Username, Token: token, URL: a.baseURL + "/set-password/" + token, ExpiresAt: link.ExpiresAt}
}

func exampleAdministrator() shownAdministrator {
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return shownAdministrator{Administrator: &ampusers.Administrator{
		Username: "jane.admin", DisplayName: "Jane Doe", Access: ampusers.Limited,
		Sections: []string{exampleSection().ID}, Teams: []string{}, HasPassword: true, CreatedAt: created, UpdatedAt: created,
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
	invited.HasPassword, invited.InvitationExpiresAt = false, invited.Invitation.ExpiresAt
	return invited
}
