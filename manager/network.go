package manager

import (
	"net/netip"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Network is a range of IP addresses in a deny or permit line. It is always
// normalized as Asterisk stores it (append_ha_core in main/acl.c): the host
// bits are zero, and an IPv4-mapped IPv6 address is IPv4.
type Network struct {
	prefix netip.Prefix
}

// ParseNetwork parses an address (192.0.2.1, 2001:db8::1), a range in CIDR form
// (10.0.0.0/8), or a range with a dotted mask (10.0.0.0/255.0.0.0). It returns
// a [store.InvalidError] for anything else, such as a host name or a port.
func ParseNetwork(text string) (Network, error) {
	errInvalid := store.NewInvalidError(store.FieldError{
		Code:    store.CodeNetwork,
		Message: "enter an IP address or a range such as 10.0.0.0/8 or 2001:db8::/32",
	})
	address, mask, hasMask := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(address)
	if err != nil || addr.Zone() != "" {
		return Network{}, errInvalid
	}
	prefix := netip.PrefixFrom(addr, addr.BitLen())
	if hasMask {
		ones, ok := maskBits(mask, addr)
		if !ok {
			return Network{}, errInvalid
		}
		prefix = netip.PrefixFrom(addr, ones)
	}
	n, ok := newNetwork(prefix)
	if !ok {
		return Network{}, errInvalid
	}
	return n, nil
}

// NetworkFromPrefix returns the Network of a prefix. It returns a
// [store.InvalidError] for the zero Prefix.
func NetworkFromPrefix(prefix netip.Prefix) (Network, error) {
	if n, ok := newNetwork(prefix); ok {
		return n, nil
	}
	return Network{}, store.NewInvalidError(store.FieldError{Code: store.CodeNetwork, Message: "invalid address range"})
}

func newNetwork(prefix netip.Prefix) (Network, bool) {
	if addr := prefix.Addr(); addr.Is4In6() {
		// A range wider than the mapped addresses has no IPv4 form.
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	masked := prefix.Masked()
	return Network{prefix: masked}, masked.IsValid()
}

// maskBits returns the number of leading ones of a mask. The mask is a number,
// or an address of the same family with leading ones only.
func maskBits(mask string, addr netip.Addr) (int, bool) {
	if !strings.ContainsAny(mask, ".:") {
		p, err := netip.ParsePrefix(addr.String() + "/" + mask)
		return p.Bits(), err == nil
	}
	m, err := netip.ParseAddr(mask)
	if err != nil || m.Zone() != "" || m.BitLen() != addr.BitLen() {
		return 0, false
	}
	for ones := range addr.BitLen() + 1 {
		if full := allOnes(addr).Addr(); netip.PrefixFrom(full, ones).Masked().Addr() == m {
			return ones, true
		}
	}
	return 0, false
}

// allOnes returns the single-address prefix of the family's last address.
func allOnes(addr netip.Addr) netip.Prefix {
	ones := addr.AsSlice()
	for i := range ones {
		ones[i] = 0xff
	}
	last, _ := netip.AddrFromSlice(ones)
	return netip.PrefixFrom(last, last.BitLen())
}

// Prefix returns the range as a netip.Prefix.
func (n Network) Prefix() netip.Prefix { return n.prefix }

// Contains reports whether addr is in the range. An IPv4-mapped IPv6 address
// counts as IPv4. A range of one family never contains an address of the other.
func (n Network) Contains(addr netip.Addr) bool { return n.prefix.Contains(addr.Unmap()) }

// String returns the CIDR form, as in manager.conf.
func (n Network) String() string {
	if !n.prefix.IsValid() {
		return ""
	}
	return n.prefix.String()
}

// MarshalText returns the CIDR form.
func (n Network) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText parses text like [ParseNetwork].
func (n *Network) UnmarshalText(text []byte) error {
	parsed, err := ParseNetwork(string(text))
	if err != nil {
		return err
	}
	*n = parsed
	return nil
}
