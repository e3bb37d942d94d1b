package ratelimit

import (
	"crypto/sha256"
	"net/netip"
)

// key identifies a count. Its size does not depend on the length of the names,
// which may be any input.
type key [16]byte

// hashKey hashes each name on its own, so that different lists have different keys.
func hashKey(names ...string) key {
	var all []byte
	for _, name := range names {
		sum := sha256.Sum256([]byte(name))
		all = append(all, sum[:]...)
	}
	sum := sha256.Sum256(all)
	return key(sum[:16])
}

func (a Attempt) sourceKey() key { return hashKey(a.source()) }
func (a Attempt) userKey() key   { return hashKey(a.User) }
func (a Attempt) deviceKey() key { return hashKey(a.User, a.Device) }
func (a Attempt) pairKey() key   { return hashKey(a.source(), a.User) }

// codeKey returns the key of the device, or of all untrusted devices.
func (a Attempt) codeKey() key {
	if a.Device != "" {
		return a.deviceKey()
	}
	return a.userKey()
}

// source returns one name for all addresses of a subscriber: the IPv4 address, or
// the /64 of an IPv6 address. A service has its own name.
func (a Attempt) source() string {
	if a.Service != "" {
		return "service:" + a.Service
	}
	addr := a.RemoteAddr.Unmap().WithZone("")
	if !addr.Is6() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
