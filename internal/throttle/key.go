package throttle

import (
	"crypto/sha256"
	"net/netip"
	"strings"
)

// key names what is counted, at the same size however long the names are that
// strangers try.
type key [16]byte

// keyOf cannot be made to confuse two lists of names: each is hashed by itself.
func keyOf(names ...string) key {
	var all []byte
	for _, name := range names {
		sum := sha256.Sum256([]byte(name))
		all = append(all, sum[:]...)
	}
	sum := sha256.Sum256(all)
	return key(sum[:16])
}

func (t Try) sourceKey() key { return keyOf(plainSource(t.Source)) }
func (t Try) userKey() key   { return keyOf(t.User) }
func (t Try) deviceKey() key { return keyOf(t.User, t.Device) }
func (t Try) pairKey() key   { return keyOf(plainSource(t.Source), t.User) }

// codeKey is that of the device, or of all strangers.
func (t Try) codeKey() key {
	if t.Device != "" {
		return t.deviceKey()
	}
	return t.userKey()
}

// plainSource returns one name for all addresses that one subscriber has: the
// /64 of IPv6, and the address of IPv4, also where it is written as IPv6. A
// service is a name already.
func plainSource(source string) string {
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
