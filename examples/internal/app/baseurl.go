package app

import (
	"errors"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// ParseBaseURL reads the public URL of the pages: http or https, a host and an
// optional port. It returns a [store.InvalidError] on "base-url" if text is
// anything else, or empty.
func ParseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "" || base.User != nil ||
		strings.Trim(base.Path, "/") != "" || strings.ContainsAny(text, "?#") {
		return nil, store.NewInvalidError(store.FieldError{
			Field: "base-url", Code: store.CodeURL, Message: "write http:// or https://, the host name and an optional port",
		})
	}
	return &url.URL{Scheme: base.Scheme, Host: strings.ToLower(base.Host)}, nil
}

// baseURLFlag is [Settings].BaseURL as a flag.
type baseURLFlag string

// String returns what Set takes.
func (u *baseURLFlag) String() string { return string(*u) }

// Type names the value in the help.
func (u *baseURLFlag) Type() string { return "URL" }

// Set takes what [ParseBaseURL] reads, or nothing.
func (u *baseURLFlag) Set(text string) error {
	if text == "" {
		*u = ""
		return nil
	}
	base, err := ParseBaseURL(text)
	if err != nil {
		return errors.New("write the public URL of the pages, such as https://pbx.example.com")
	}
	*u = baseURLFlag(base.String())
	return nil
}

// parsedBaseURL returns the public URL of the pages, or nil if it is unknown.
func (s *Settings) parsedBaseURL() (*url.URL, error) {
	if s.BaseURL == "" {
		return nil, nil
	}
	return ParseBaseURL(s.BaseURL)
}

// Link returns the URL of a page, with the token after path. It is zero if the
// base URL is unknown.
func (s *Settings) Link(path string, token store.Secret) store.Secret {
	if s.BaseURL == "" {
		return store.Secret{}
	}
	return store.NewSecret(strings.TrimRight(s.BaseURL, "/") + path + token.Reveal())
}
