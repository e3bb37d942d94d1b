package api

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// NewToken is an API token to be made.
type NewToken struct {
	TokenChanges
}

// TokenChanges are the fields of an API token to be set.
type TokenChanges struct {
	Description     optional[string]    `json:"description,omitzero"`
	Disabled        optional[bool]      `json:"disabled,omitzero"`
	Extensions      optional[[]string]  `json:"extensions,omitzero"`
	Modules         optional[[]string]  `json:"modules,omitzero"`
	RequestsPerHour optional[int]       `json:"requests_per_hour,omitzero"`
	Addresses       optional[[]string]  `json:"addresses,omitzero"`
	ExpiresAt       optional[time.Time] `json:"expires_at,omitzero"`
}

// applyTo sets the fields of t that are given, and returns those that cannot be
// read.
func (c *TokenChanges) applyTo(t *userman.Token) []store.FieldError {
	c.Description.assignTo(&t.Description)
	c.Disabled.assignTo(&t.Disabled)
	c.Extensions.assignTo(&t.Extensions)
	if c.Extensions.null {
		t.Extensions = []string{permission.Any}
	}
	c.Modules.assignTo(&t.Modules)
	if c.Modules.null {
		t.Modules = []string{permission.Any}
	}
	c.RequestsPerHour.assignTo(&t.RequestsPerHour)
	c.ExpiresAt.assignTo(&t.ExpiresAt)
	if !c.Addresses.set {
		return nil
	}
	var errs []store.FieldError
	parsed := make([]netip.Prefix, len(c.Addresses.value))
	for i, text := range c.Addresses.value {
		network, err := userman.ParseNetwork(text)
		if err != nil {
			errs = append(errs, store.FieldError{Field: fmt.Sprintf("addresses[%d]", i), Code: "network", Message: err.Error()})
		}
		parsed[i] = network
	}
	if len(errs) == 0 {
		t.Addresses = parsed
	}
	return errs
}

// shownToken is an API token as the API shows it: with the key only where it is
// shown once.
type shownToken struct {
	*userman.Token
	Username string `json:"username"`
	Key      string `json:"key,omitempty"`
}

// etag returns the tag of the token, whether or not its key is shown. To use the
// token does not change it.
func (t shownToken) etag() string {
	tagged := *t.Token
	tagged.LastUsedAt = time.Time{}
	return computeETag(&tagged)
}

func exampleToken() shownToken {
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return shownToken{Username: "jane.roe", Token: &userman.Token{
		ID: "7h2kq9x4v1n8b3m6", UserID: exampleUser().ID, Description: "CRM", Extensions: []string{permission.Any}, Modules: []string{"contacts"},
		RequestsPerHour: userman.DefaultRequestsPerHour, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		CreatedAt: created, UpdatedAt: created, KeyCreatedAt: created,
	}}
}

func exampleKeyedToken() shownToken {
	shown := exampleToken()
	shown.Key = "example-of-a-key-of-an-api-token-example-ex"
	return shown
}
