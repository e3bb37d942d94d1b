package apitoken

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

// unlimited is the value of [Token].RequestsPerHour for no limit.
const unlimited = -1

const (
	// maxYear is the last year with a form in JSON (RFC 3339).
	maxYear = 9999
	// maxText is the length in bytes of the longest text that is normalized.
	maxText = 3000
)

// applyEdits copies the editable fields of from to t.
func (t *Token) applyEdits(from *Token) {
	Fields().Copy(t, from)
	t.Description = validate.NormalizeText(t.Description, maxText)
	t.Addresses = slices.Clone(from.Addresses)
	t.RequestsPerHour = cmp.Or(t.RequestsPerHour, DefaultRequestsPerHour)
	if !t.ExpiresAt.IsZero() {
		t.ExpiresAt = t.ExpiresAt.UTC().Truncate(time.Microsecond)
	}
}

// validate returns every error in t, in the order of its fields. A time of expiry
// that before has too may be in the past.
func (s *Service) validate(t, before *Token) []store.FieldError {
	errs := append(Fields().Validate(t, s.validator.Var), s.validator.Struct(t)...)
	for i, item := range t.Extensions[:min(len(t.Extensions), MaxExtensions)] {
		if item != permission.Any && !validate.Extension().Valid(item) {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("extensions[%d]", i), Code: store.CodeExtension, Message: "enter extensions of 1 to 20 digits, or all",
			})
		}
	}
	errs = append(errs, permission.KindStrings.ValidateItems("modules", t.Modules[:min(len(t.Modules), MaxModules)])...)
	if t.RequestsPerHour < unlimited || t.RequestsPerHour > MaxRequestsPerHour {
		errs = append(errs, store.FieldError{
			Field: "requests_per_hour", Code: store.CodeRange, Message: fmt.Sprintf("enter a number from 1 to %d, or -1 for no limit", MaxRequestsPerHour),
		})
	}
	for i, network := range t.Addresses[:min(len(t.Addresses), MaxAddresses)] {
		if !normalizeNetwork(network).IsValid() {
			errs = append(errs, store.FieldError{Field: fmt.Sprintf("addresses[%d]", i), Code: store.CodeNetwork, Message: networkMessage})
		}
	}
	errs = append(errs, s.validateExpiry(t, before)...)
	slices.SortStableFunc(errs, func(a, b store.FieldError) int { return cmp.Compare(fieldIndex(a), fieldIndex(b)) })
	return errs
}

func (s *Service) validateExpiry(t, before *Token) []store.FieldError {
	switch {
	case t.ExpiresAt.IsZero() || t.ExpiresAt.Equal(before.ExpiresAt):
		return nil
	case !t.ExpiresAt.After(s.now()):
		return []store.FieldError{{Field: "expires_at", Code: store.CodePast, Message: "enter a time in the future, or leave it empty"}}
	case t.ExpiresAt.Year() > maxYear:
		return []store.FieldError{{Field: "expires_at", Code: store.CodeRange, Message: fmt.Sprintf("enter a time up to the year %d, or leave it empty", maxYear)}}
	}
	return nil
}

// fieldIndex returns the position of the field of an error in a token.
func fieldIndex(e store.FieldError) int {
	name, _, _ := strings.Cut(e.Field, "[")
	return slices.Index(append(Fields().Names(nil), "addresses"), name)
}

// normalize brings the valid lists of t into the form in which they are stored.
func (t *Token) normalize() {
	t.Extensions = permission.Set(t.Extensions...).Items()
	t.Modules = permission.Set(t.Modules...).Normalized().Items()
	for i, network := range t.Addresses {
		t.Addresses[i] = normalizeNetwork(network)
	}
	slices.SortFunc(t.Addresses, netip.Prefix.Compare)
	t.Addresses = slices.Compact(t.Addresses)
}

const networkMessage = "enter an IP address such as 192.0.2.1, or a network such as 10.0.0.0/8 or 2001:db8::/32"

// ParseNetwork parses an entry of [Token].Addresses: a network, or an address, which
// becomes the network of this address alone.
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

// normalizeNetwork returns a network without the bits behind its mask. An IPv4
// network in IPv6 form becomes IPv4. An invalid network becomes the zero Prefix.
func normalizeNetwork(network netip.Prefix) netip.Prefix {
	if addr := network.Addr(); addr.Is4In6() {
		network = netip.PrefixFrom(addr.Unmap(), network.Bits()-96)
	}
	return network.Masked()
}
