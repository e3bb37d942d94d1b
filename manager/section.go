package manager

import (
	"cmp"
	"net/netip"
	"strconv"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// section renders the account as a section of manager.conf. It writes every
// key: a reload keeps the old value of a missing key (main/manager.c,
// __init_manager).
func (a *Account) section(version asteriskconf.Version) (dialect.Section, error) {
	s := dialect.Section{Name: a.Name}
	add := func(key, value string) {
		s.Lines = append(s.Lines, dialect.Line{Key: key, Value: value})
	}
	add("secret", a.Secret.Reveal())
	for _, n := range a.effectiveDeny() {
		add("deny", n.String())
	}
	for _, n := range a.Permit {
		add("permit", n.String())
	}
	if a.NamedACL != "" {
		add("acl", a.NamedACL)
	}
	add("read", a.Read.String())
	add("write", a.Write.String())
	add("displayconnects", yesNo(a.DisplayConnects))
	add("allowmultiplelogin", yesNo(a.AllowMultipleLogin))
	add("writetimeout", strconv.Itoa(cmp.Or(a.WriteTimeout, DefaultWriteTimeout)))
	for _, f := range a.EventFilters {
		line, err := f.line(version)
		if err != nil {
			return dialect.Section{}, err
		}
		s.Lines = append(s.Lines, line)
	}
	return s, nil
}

// effectiveDeny returns the deny lines to write. Asterisk permits an address
// that no rule matches (ast_apply_ha in main/acl.c), and a rule of one address
// family does not affect the other. Permit lines alone would deny nothing.
func (a *Account) effectiveDeny() []Network {
	if len(a.Deny) == 0 && len(a.Permit) > 0 {
		return allAddresses()
	}
	return a.Deny
}

// allAddresses returns 0.0.0.0/0 and ::/0.
func allAddresses() []Network {
	return []Network{
		{prefix: netip.PrefixFrom(netip.IPv4Unspecified(), 0)},
		{prefix: netip.PrefixFrom(netip.IPv6Unspecified(), 0)},
	}
}

// permits reports whether the deny and permit lines permit an address. The last
// matching rule wins.
func (a *Account) permits(addr netip.Addr) bool {
	for _, n := range a.Permit {
		if n.Contains(addr) {
			return true
		}
	}
	for _, n := range a.effectiveDeny() {
		if n.Contains(addr) {
			return false
		}
	}
	return true
}

// permitsAllOf reports whether a certainly permits every address that before
// permits: it has no more deny rules and no fewer permit rules.
func (a *Account) permitsAllOf(before *Account) bool {
	denied := a.effectiveDeny()
	return (a.NamedACL == "" || a.NamedACL == before.NamedACL) &&
		(len(denied) == 0 || coverAll(before.effectiveDeny(), denied) && coverAll(a.Permit, before.Permit))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
