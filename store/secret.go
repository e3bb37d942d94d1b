package store

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// redacted is printed in place of a secret.
const redacted = "[redacted]"

// Secret is a string that must not reach a log, an error, a page or a JSON
// document. It prints as "[redacted]" in all formats. In an unexported field, where
// package fmt calls no methods, it prints as an address. Only [Secret.Reveal]
// returns the text. The zero value means "no secret" and prints as nothing. Compare
// secrets with [Secret.Equal]; == would compare addresses and does not compile.
type Secret struct {
	// A pointer, because fmt prints strings in unexported fields.
	value *string
	_     [0]func()
}

// NewSecret returns a secret. An empty value is no secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the text of the secret. Review every call: secrets leak only here.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal reports whether both secrets are equal, in constant time.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]", or "" if there is no secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// Format hides the secret from package fmt, including %x and %d.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue hides the secret from package slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes the redacted form.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText writes the redacted form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalJSON reads a secret. Like for a string, null changes nothing.
func (s *Secret) UnmarshalJSON(data []byte) error {
	value := s.Reveal()
	if err := json.Unmarshal(data, &value); err != nil {
		return fmt.Errorf("a secret is a JSON string") //nolint:err113 // the cause would quote the secret
	}
	*s = NewSecret(value)
	return nil
}

// UnmarshalText reads a secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
