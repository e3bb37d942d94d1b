package ratelimit

import (
	"crypto/sha256"
	"net/netip"
	"strings"
)

// key names what is counted, at the same size however long the names are that
// strangers try.
type key [16]byte

// hashKey cannot be made to confuse two lists of names: each is hashed by itself.
func hashKey(names ...string) key {
	var all []byte
	for _, name := range names {
		sum := sha256.Sum256([]byte(name))
		all = append(all, sum[:]...)
	}
	sum := sha256.Sum256(all)
	return key(sum[:16])
}

func (a Attempt) sourceKey() key { return hashKey(normalizeSource(a.Source)) }
func (a Attempt) userKey() key   { return hashKey(a.User) }
func (a Attempt) deviceKey() key { return hashKey(a.User, a.Device) }
func (a Attempt) pairKey() key   { return hashKey(normalizeSource(a.Source), a.User) }

// codeKey is that of the device, or of all strangers.
func (a Attempt) codeKey() key {
	if a.Device != "" {
		return a.deviceKey()
	}
	return a.userKey()
}

// normalizeSource returns one name for all addresses that one subscriber has: the
// /64 of IPv6, and the address of IPv4, also where it is written as IPv6. A
// service is a name already.
func normalizeSource(source string) string {
	if source == "" {
		return ""
	}
	if strings.HasPrefix(source, ServicePrefix) {
		return source
	}
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return "no address"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	network := netip.PrefixFrom(addr, 64).Masked()
	return network.String()
}
