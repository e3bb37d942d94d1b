package userman

import (
	"net/netip"
	"slices"
	"time"
)

// Bounds of tokens.
const (
	// MaxTokenExtensions, MaxTokenModules and MaxTokenAddresses count entries.
	MaxTokenExtensions = 200
	MaxTokenModules    = 200
	MaxTokenAddresses  = 50
	// MaxTokens is how many tokens a person may have.
	MaxTokens = 50
	// MaxRequestsPerHour bounds the limit of a token.
	MaxRequestsPerHour = 1_000_000
	// DefaultRequestsPerHour is the limit of a token unless given.
	DefaultRequestsPerHour = 1000
)

// Token lets a program act for a person: with its ID and its key, which is
// shown once.
type Token struct {
	// ID is 16 lower-case letters and digits that the service makes.
	ID string `json:"id"`
	// UserID is the person's, and never changes.
	UserID string `json:"user_id"`
	// Description is for people: what uses it.
	Description string `json:"description"`
	// Disabled keeps it from working. That of a disabled person does not work
	// either.
	Disabled bool `json:"disabled"`
	// Extensions are those that the token reaches: numbers, or [permission.Any], which
	// means all of the person's own, now and later. A number that is not the
	// person's is not reached. nil is All when the token is made; an empty
	// list is refused.
	Extensions []string `json:"extensions"`
	// Modules are those that the token reaches, by name (see [permission.KindStrings]), or
	// [permission.Any]. nil is All when the token is made; an empty list is refused.
	Modules []string `json:"modules"`
	// RequestsPerHour bounds how often it is used, [DefaultRequestsPerHour]
	// unless given (0); -1 is without a bound.
	RequestsPerHour int `json:"requests_per_hour"`
	// Addresses are those that it may be used from: addresses and networks of
	// IPv4 and IPv6, kept without the bits behind the mask. None means
	// everywhere.
	Addresses []netip.Prefix `json:"addresses" validate:"max=50"`
	// ExpiresAt is when it stops to work, to the microsecond; zero is never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// KeyHash is SHA-256 of the key, set by the service and left out of what
	// it returns.
	KeyHash []byte `json:"-"`
	// HourStartedAt and HourRequests count the requests of the hour; see
	// [Tokens].CountRequest, which alone changes them and LastUsedAt.
	HourStartedAt time.Time `json:"-"`
	HourRequests  int       `json:"-"`

	// The times are UTC with microseconds; the service sets them. LastUsedAt
	// may be up to a minute early, zero means never.
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	KeyCreatedAt time.Time `json:"key_made_at"`
	LastUsedAt   time.Time `json:"last_used_at,omitzero"`
}

// Clone returns a copy that shares nothing with t.
func (t *Token) Clone() *Token {
	c := *t
	c.Extensions = slices.Clone(t.Extensions)
	c.Modules = slices.Clone(t.Modules)
	c.Addresses = slices.Clone(t.Addresses)
	c.KeyHash = slices.Clone(t.KeyHash)
	return &c
}

// redactToken returns a copy of t as it leaves the service: without the hash of
// the key. Lists are empty rather than nil, so that JSON has [] for them.
func redactToken(t *Token) *Token {
	c := t.Clone()
	c.KeyHash = nil
	c.Extensions, c.Modules = append([]string{}, c.Extensions...), append([]string{}, c.Modules...)
	c.Addresses = append([]netip.Prefix{}, c.Addresses...)
	return c
}
