package userman

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// unlimited is what RequestsPerHour of a [Token] is without a bound.
const unlimited = -1

// maxYear is the last one that JSON has a form for (RFC 3339).
const maxYear = 9999

// applyEdits takes over into t what may be changed of a token.
func (t *Token) applyEdits(from *Token) {
	TokenFields().Copy(t, from)
	t.Description = normalizeText(t.Description)
	t.Addresses = slices.Clone(from.Addresses)
	t.RequestsPerHour = cmp.Or(t.RequestsPerHour, DefaultRequestsPerHour)
	if !t.ExpiresAt.IsZero() {
		t.ExpiresAt = t.ExpiresAt.UTC().Truncate(time.Microsecond)
	}
}

// validateToken returns everything that is wrong with t, in the order of its
// fields. An expiry that it had before may be over.
func (s *Service) validateToken(t, before *Token) []store.FieldError {
	errs := append(TokenFields().Validate(t, s.validator.Var), s.validator.Struct(t)...)
	for i, item := range t.Extensions[:min(len(t.Extensions), MaxTokenExtensions)] {
		if item != permission.Any && !validate.Extension().Valid(item) {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("extensions[%d]", i), Code: "extension", Message: "write extensions of 1 to 20 digits, or the word all",
			})
		}
	}
	errs = append(errs, permission.KindStrings.ValidateItems("modules", t.Modules[:min(len(t.Modules), MaxTokenModules)])...)
	if t.RequestsPerHour < unlimited || t.RequestsPerHour > MaxRequestsPerHour {
		errs = append(errs, store.FieldError{
			Field: "requests_per_hour", Code: "range", Message: fmt.Sprintf("write a number from 1 to %d, or -1 for no limit", MaxRequestsPerHour),
		})
	}
	for i, network := range t.Addresses[:min(len(t.Addresses), MaxTokenAddresses)] {
		if !normalizeNetwork(network).IsValid() {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("addresses[%d]", i), Code: "network", Message: networkMessage,
			})
		}
	}
	errs = append(errs, s.validateExpiry(t, before)...)
	slices.SortStableFunc(errs, func(a, b store.FieldError) int { return cmp.Compare(tokenFieldIndex(a), tokenFieldIndex(b)) })
	return errs
}

func (s *Service) validateExpiry(t, before *Token) []store.FieldError {
	switch {
	case t.ExpiresAt.IsZero() || t.ExpiresAt.Equal(before.ExpiresAt):
		return nil
	case !t.ExpiresAt.After(s.now()):
		return []store.FieldError{{Field: "expires_at", Code: "past", Message: "choose a time that is still to come, or none"}}
	case t.ExpiresAt.Year() > maxYear:
		return []store.FieldError{{Field: "expires_at", Code: "range", Message: fmt.Sprintf("choose a time until the year %d, or none", maxYear)}}
	}
	return nil
}

// tokenFieldIndex is the place of a refused field among those of a token.
func tokenFieldIndex(e store.FieldError) int {
	name, _, _ := strings.Cut(e.Field, "[")
	return slices.Index(append(TokenFields().Names(nil), "addresses"), name)
}

// normalize brings the lists of t, which the rules have taken, into the form in
// which they are kept.
func (t *Token) normalize() {
	t.Extensions = permission.Set(t.Extensions...).Items()
	t.Modules = permission.Set(t.Modules...).Normalized().Items()
	for i, network := range t.Addresses {
		t.Addresses[i] = normalizeNetwork(network)
	}
	slices.SortFunc(t.Addresses, netip.Prefix.Compare)
	t.Addresses = slices.Compact(t.Addresses)
}

const networkMessage = "write an IP address such as 192.0.2.1, or a range such as 10.0.0.0/8 or 2001:db8::/32"

// ParseNetwork reads what [Token].Addresses has: a network, or an address as
// the network of itself alone. The error says what to write.
func ParseNetwork(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	if network, err := netip.ParsePrefix(text); err == nil {
		return network, nil
	}
	return netip.Prefix{}, errors.New(networkMessage)
}

// normalizeNetwork returns a network without the bits behind its mask; an IPv4
// one that is written as IPv6 is IPv4. What is none is the zero Prefix.
func normalizeNetwork(network netip.Prefix) netip.Prefix {
	if addr := network.Addr(); addr.Is4In6() {
		network = netip.PrefixFrom(addr.Unmap(), network.Bits()-96)
	}
	return network.Masked()
}
