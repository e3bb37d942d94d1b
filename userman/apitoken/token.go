package apitoken

import (
	"net/netip"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Bounds of tokens.
const (
	// MaxExtensions, MaxModules and MaxAddresses count entries of the lists.
	MaxExtensions = 200
	MaxModules    = 200
	MaxAddresses  = 50
	// MaxPerUser is the largest number of tokens of a user.
	MaxPerUser = 50
	// MaxRequestsPerHour is the largest limit of a token.
	MaxRequestsPerHour = 1_000_000
	// DefaultRequestsPerHour is the limit of a token without one.
	DefaultRequestsPerHour = 1000
)

// ID is the ID of a token: 16 lowercase letters and digits.
type ID string

// Token lets a program act for a user. The program authenticates with the ID and
// the key of the token. The key is shown only once.
type Token struct {
	// ID is set by the service.
	ID ID `json:"id"`
	// UserID is the ID of the owner. It never changes.
	UserID store.UserID `json:"user_id"`
	// Description is free text, such as the name of the program.
	Description string `json:"description"`
	// Disabled rejects every request. The tokens of a disabled user do not work
	// either.
	Disabled bool `json:"disabled"`
	// Extensions lists the extensions that the token can access: numbers, or
	// [permission.Any] for all extensions of the user, now and later. Numbers that are
	// not extensions of the user have no effect. In a new token nil means
	// permission.Any. An empty list is an error.
	Extensions []string `json:"extensions"`
	// Modules lists the modules that the token can access, by name (see
	// [permission.KindStrings]), or [permission.Any]. In a new token nil means
	// permission.Any. An empty list is an error.
	Modules []string `json:"modules"`
	// RequestsPerHour limits the requests in an hour; -1 means no limit. It defaults
	// to [DefaultRequestsPerHour].
	RequestsPerHour int `json:"requests_per_hour"`
	// Addresses lists the addresses and networks that the token can be used from. The
	// bits behind the mask are zero. An empty list means any address.
	Addresses []netip.Prefix `json:"addresses" validate:"max=50"`
	// ExpiresAt is the time when the token stops working, to the microsecond. Zero
	// means never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// KeyHash is the SHA-256 hash of the key. The service sets it and removes it from
	// the tokens that it returns.
	KeyHash []byte `json:"-"`
	// KeyCreator is the administrator who may know the key. The service sets it and
	// removes it from the tokens that it returns.
	KeyCreator credential.Creator `json:"-"`
	// HourStartedAt and HourRequests count the requests of the hour. Only
	// [Store].TakeRequest changes them and LastUsedAt.
	HourStartedAt time.Time `json:"-"`
	HourRequests  int       `json:"-"`

	// The service sets the times, in UTC to the microsecond. LastUsedAt may be up to
	// a minute early; zero means never.
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	KeyCreatedAt time.Time `json:"key_created_at"`
	LastUsedAt   time.Time `json:"last_used_at,omitzero"`
}

// Clone returns a deep copy of t.
func (t *Token) Clone() *Token {
	c := *t
	c.Extensions = slices.Clone(t.Extensions)
	c.Modules = slices.Clone(t.Modules)
	c.Addresses = slices.Clone(t.Addresses)
	c.KeyHash = slices.Clone(t.KeyHash)
	return &c
}

// redact returns a copy of t without the hash of the key. Lists are empty rather
// than nil: JSON has [] for them.
func redact(t *Token) *Token {
	c := t.Clone()
	c.KeyHash, c.KeyCreator = nil, credential.Creator{}
	c.Extensions, c.Modules = append([]string{}, c.Extensions...), append([]string{}, c.Modules...)
	c.Addresses = append([]netip.Prefix{}, c.Addresses...)
	return c
}
