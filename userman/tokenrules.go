package userman

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// noLimit is what RequestsPerHour of a [Token] is without a bound.
const noLimit = -1

// lastYear is the last one that JSON has a form for (RFC 3339).
const lastYear = 9999

// edited takes over into t what may be changed of a token.
func (t *Token) edited(from *Token) {
	t.Description, t.Disabled = plain(from.Description), from.Disabled
	t.Extensions, t.Modules = slices.Clone(from.Extensions), slices.Clone(from.Modules)
	t.Addresses = slices.Clone(from.Addresses)
	t.RequestsPerHour = cmp.Or(from.RequestsPerHour, DefaultRequestsPerHour)
	t.ExpiresAt = time.Time{}
	if !from.ExpiresAt.IsZero() {
		t.ExpiresAt = from.ExpiresAt.UTC().Truncate(time.Microsecond)
	}
}

// checkToken returns everything that is wrong with t, in the order of its
// fields. An expiry that it had before may be over.
func (s *Service) checkToken(t, before *Token) []store.FieldError {
	refused := s.rules.Struct(t)
	for i, item := range t.Extensions[:min(len(t.Extensions), MaxTokenExtensions)] {
		if item != All && !extensionPattern.MatchString(item) {
			refused = append(refused, store.FieldError{
				Field: fmt.Sprintf("extensions[%d]", i), Code: "extension", Message: "write extensions of 1 to 20 digits, or the word all",
			})
		}
	}
	refused = append(refused, Names.wrongItems("modules", t.Modules[:min(len(t.Modules), MaxTokenModules)])...)
	if t.RequestsPerHour < noLimit || t.RequestsPerHour > MaxRequestsPerHour {
		refused = append(refused, store.FieldError{
			Field: "requests_per_hour", Code: "range", Message: fmt.Sprintf("write a number from 1 to %d, or -1 for no limit", MaxRequestsPerHour),
		})
	}
	for i, network := range t.Addresses[:min(len(t.Addresses), MaxTokenAddresses)] {
		if !normalisedNetwork(network).IsValid() {
			refused = append(refused, store.FieldError{
				Field: fmt.Sprintf("addresses[%d]", i), Code: "network", Message: noNetwork,
			})
		}
	}
	refused = append(refused, s.checkExpiry(t, before)...)
	slices.SortStableFunc(refused, func(a, b store.FieldError) int { return cmp.Compare(tokenField(a), tokenField(b)) })
	return refused
}

func (s *Service) checkExpiry(t, before *Token) []store.FieldError {
	switch {
	case t.ExpiresAt.IsZero() || t.ExpiresAt.Equal(before.ExpiresAt):
		return nil
	case !t.ExpiresAt.After(s.now()):
		return []store.FieldError{{Field: "expires_at", Code: "past", Message: "choose a time that is still to come, or none"}}
	case t.ExpiresAt.Year() > lastYear:
		return []store.FieldError{{Field: "expires_at", Code: "range", Message: fmt.Sprintf("choose a time until the year %d, or none", lastYear)}}
	}
	return nil
}

// tokenField is the place of a refused field among those of a token.
func tokenField(e store.FieldError) int {
	name, _, _ := strings.Cut(e.Field, "[")
	return slices.Index([]string{"description", "extensions", "modules", "requests_per_hour", "addresses", "expires_at"}, name)
}

// normalise brings the lists of t, which the rules have taken, into the form in
// which they are kept.
func (t *Token) normalise() {
	t.Extensions = canonical(t.Extensions)
	t.Modules = Replace(t.Modules...).normalised().items
	for i, network := range t.Addresses {
		t.Addresses[i] = normalisedNetwork(network)
	}
	slices.SortFunc(t.Addresses, netip.Prefix.Compare)
	t.Addresses = slices.Compact(t.Addresses)
}

const noNetwork = "write an IP address such as 192.0.2.1, or a range such as 10.0.0.0/8 or 2001:db8::/32"

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
	return netip.Prefix{}, errors.New(noNetwork)
}

// normalisedNetwork returns a network without the bits behind its mask; an IPv4
// one that is written as IPv6 is IPv4. What is none is the zero Prefix.
func normalisedNetwork(network netip.Prefix) netip.Prefix {
	if addr := network.Addr(); addr.Is4In6() {
		network = netip.PrefixFrom(addr.Unmap(), network.Bits()-96)
	}
	return network.Masked()
}
