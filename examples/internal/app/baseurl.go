package app

import (
	"errors"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// ParseBaseURL reads where the pages are: http or https, the name of a host,
// and its port where it has one. The error is a [store.InvalidError] on
// "base-url", also where there is no text.
func ParseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "" || base.User != nil ||
		strings.Trim(base.Path, "/") != "" || strings.ContainsAny(text, "?#") {
		return nil, store.NewInvalidError(store.FieldError{
			Field: "base-url", Code: "url", Message: "write http:// or https://, the name of the host, and its port where it has one",
		})
	}
	return &url.URL{Scheme: base.Scheme, Host: strings.ToLower(base.Host)}, nil
}

// baseURLFlag is [Settings].BaseURL as a flag.
type baseURLFlag string

// String returns what Set takes.
func (u *baseURLFlag) String() string { return string(*u) }

// Type is what the flag holds.
func (u *baseURLFlag) Type() string { return "address of pages" }

// Set takes what [ParseBaseURL] reads, or nothing.
func (u *baseURLFlag) Set(text string) error {
	if text == "" {
		*u = ""
		return nil
	}
	base, err := ParseBaseURL(text)
	if err != nil {
		return errors.New("write the address of the pages, such as https://pbx.example.com")
	}
	*u = baseURLFlag(base.String())
	return nil
}

// parsedBaseURL returns where the pages are; nil when it is not known.
func (s *Settings) parsedBaseURL() (*url.URL, error) {
	if s.BaseURL == "" {
		return nil, nil
	}
	return ParseBaseURL(s.BaseURL)
}

// Link returns the address of a page, with the token behind path; zero when it
// is not known where the pages are.
func (s *Settings) Link(path string, token store.Secret) store.Secret {
	if s.BaseURL == "" {
		return store.Secret{}
	}
	return store.NewSecret(strings.TrimRight(s.BaseURL, "/") + path + token.Reveal())
}
