package manager

import (
	"cmp"
	"net/netip"
	"strconv"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

// section renders the account as a section of manager.conf. Every key is
// always written: a reload keeps the old value of a key that is left out
// (main/manager.c, __init_manager).
func (u *User) section(version asteriskconf.Version) (asteriskconf.Section, error) {
	s := asteriskconf.Section{Name: u.Name}
	add := func(key, value string) {
		s.Lines = append(s.Lines, asteriskconf.Line{Key: key, Value: value})
	}
	add("secret", u.Secret.Reveal())
	for _, n := range u.effectiveDeny() {
		add("deny", n.String())
	}
	for _, n := range u.Permit {
		add("permit", n.String())
	}
	if u.NamedACL != "" {
		add("acl", u.NamedACL)
	}
	add("read", u.Read.String())
	add("write", u.Write.String())
	add("displayconnects", yesNo(u.DisplayConnects))
	add("allowmultiplelogin", yesNo(u.AllowMultipleLogin))
	add("writetimeout", strconv.Itoa(cmp.Or(u.WriteTimeout, DefaultWriteTimeout)))
	for _, f := range u.EventFilters {
		line, err := f.line(version)
		if err != nil {
			return asteriskconf.Section{}, err
		}
		s.Lines = append(s.Lines, line)
	}
	return s, nil
}

// effectiveDeny returns the deny lines that are written. Asterisk lets in
// whoever no rule matches (ast_apply_ha in main/acl.c), and a rule of one
// address family says nothing about the other: a permit alone would keep
// nobody out.
func (u *User) effectiveDeny() []Network {
	if len(u.Deny) == 0 && len(u.Permit) > 0 {
		return everyAddress()
	}
	return u.Deny
}

// everyAddress returns 0.0.0.0/0 and ::/0.
func everyAddress() []Network {
	return []Network{
		{prefix: netip.PrefixFrom(netip.IPv4Unspecified(), 0)},
		{prefix: netip.PrefixFrom(netip.IPv6Unspecified(), 0)},
	}
}

// admits reports what the deny and permit lines say of an address: the last
// rule that matches wins.
func (u *User) admits(addr netip.Addr) bool {
	for _, n := range u.Permit {
		if n.Contains(addr) {
			return true
		}
	}
	for _, n := range u.effectiveDeny() {
		if n.Contains(addr) {
			return false
		}
	}
	return true
}

// admitsAllOf reports whether u certainly admits every address that before
// does: no rule of it denies more, or permits less.
func (u *User) admitsAllOf(before *User) bool {
	denied := u.effectiveDeny()
	return (u.NamedACL == "" || u.NamedACL == before.NamedACL) &&
		(len(denied) == 0 || coverAll(before.effectiveDeny(), denied) && coverAll(u.Permit, before.Permit))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
