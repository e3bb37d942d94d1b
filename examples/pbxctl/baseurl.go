package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// baseURL is where the pages of the server are; empty when that is not known.
// It is a flag.
type baseURL string

func (u *baseURL) String() string { return string(*u) }

// Type is what the flag holds.
func (u *baseURL) Type() string { return "address of pages" }

// Set takes http and https addresses without a query.
func (u *baseURL) Set(text string) error {
	parsed, err := url.Parse(text)
	plain := err == nil && parsed.Host != "" && (parsed.Scheme == "http" || parsed.Scheme == "https")
	if !plain || parsed.User != nil || strings.ContainsAny(text, "?#") {
		return errors.New("write the address of the pages, such as https://pbx.example.com")
	}
	*u = baseURL(strings.TrimRight(text, "/"))
	return nil
}

// passwordLink returns the address of the page on which a token sets a
// password; empty when it is not known where the pages are.
func (u *baseURL) passwordLink(token store.Secret) string {
	if *u == "" {
		return ""
	}
	return string(*u) + "/set-password/" + token.Reveal()
}
