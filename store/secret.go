package store

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// redacted is all that is ever printed of a secret.
const redacted = "[redacted]"

// Secret is a string that must not reach a log, an error, a page or a JSON
// document by accident: however it is printed, it prints as "[redacted]", and
// inside an unexported field, where package fmt asks no method, as an address.
// [Secret.Reveal] is the one way out. The zero value is "no secret" and prints
// as nothing. [Secret.Equal] compares secrets; == would compare addresses and
// does not compile.
type Secret struct {
	// A pointer, because fmt prints the strings of unexported fields.
	value *string
	_     [0]func()
}

// NewSecret wraps value. An empty value is no secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the secret itself. Every call is a place to look at when
// asking where secrets go.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal reports whether both are the same secret, in a time that tells nothing
// of where they differ.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]", or "" when there is no secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString keeps %#v from showing the secret.
func (s Secret) GoString() string { return s.String() }

// Format keeps every verb of package fmt, %x and %d too, from showing the
// secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue keeps package slog from showing the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes the redacted form.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText writes the redacted form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalJSON reads a secret that a person or program submits. Like a plain
// string, null leaves it as it is.
func (s *Secret) UnmarshalJSON(data []byte) error {
	value := s.Reveal()
	if err := json.Unmarshal(data, &value); err != nil {
		return fmt.Errorf("a secret is a JSON string") //nolint:err113 // the cause would quote the secret
	}
	*s = NewSecret(value)
	return nil
}

// UnmarshalText reads a secret that a person or program submits.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
