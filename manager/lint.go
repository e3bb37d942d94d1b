package manager

import (
	"fmt"
	"slices"
	"strings"
)

// Warning is a setting of an account that is allowed but probably unintended.
type Warning struct {
	// Field is the JSON name of the field.
	Field string `json:"field"`
	// Code is a short, stable identifier.
	Code string `json:"code"`
	// Message is one sentence: the effect and the remedy.
	Message string `json:"message"`
}

// RootEquivalent returns the classes in Write that let an integration take over the
// host of Asterisk. They are as powerful as root.
func (a *Account) RootEquivalent() Privileges { return a.Write & rootLike }

// rootLike are the classes that let an integration take over the host. The
// console and the configuration run programs (System of the dialplan, #exec),
// and class system lifts the limits of Originate.
const rootLike = System | Command | Config

// Lint returns warnings about the account. It rejects nothing. namedACLs are the lists
// that Asterisk has, see [NamedACLs]. Without any, Lint does not judge the named ACL.
func (a *Account) Lint(namedACLs ...string) []Warning {
	var warnings []Warning
	warn := func(field, code, message string) {
		warnings = append(warnings, Warning{Field: field, Code: code, Message: message})
	}
	a.lintAddresses(warn)
	if a.NamedACL != "" && len(namedACLs) > 0 && !slices.ContainsFunc(namedACLs, func(name string) bool { return strings.EqualFold(name, a.NamedACL) }) {
		warn("named_acl", "unknown", "acl.conf does not have this list, so nobody could log in with the account; correct the name or add the list there")
	}
	for _, c := range Classes() {
		if a.Read.Has(c.Privilege) && c.Read == "" {
			warn("read", "no_effect", fmt.Sprintf("%s has no effect in read: Asterisk has no events of this class", c.Name))
		}
		if a.Write.Has(c.Privilege) && c.Write == "" {
			warn("write", "no_effect", fmt.Sprintf("%s has no effect in write: Asterisk has no actions of this class", c.Name))
		}
	}
	if a.Write.Has(Originate) && !a.Write.Has(Call) {
		warn("write", "originate_without_call", "the account can start calls but not redirect or hang them up; that also requires call")
	}
	if risky := a.RootEquivalent(); risky != NoPrivileges {
		warn("write", "root_like", fmt.Sprintf("with %s the account can take over the whole PBX; permit only hosts that you trust like root",
			strings.Join(risky.Names(), ", ")))
	}
	a.lintFilters(warn)
	return warnings
}

func (a *Account) lintFilters(warn func(field, code, message string)) {
	if a.Read == NoPrivileges && len(a.EventFilters) > 0 {
		warn("event_filters", "no_effect", "event filters have no effect: without a class in read the account receives no events")
	}
	for i, f := range a.EventFilters {
		if f.Header == "" && (f.Method == MatchExact || f.Method == MatchEndsWith) {
			warn(fmt.Sprintf("event_filters[%d]", i), "never_matches", "this filter matches no event, because the text of an event ends with a line break; select a header to compare")
		}
	}
}

func (a *Account) lintAddresses(warn func(field, code, message string)) {
	switch {
	case a.PermitsAnyAddress():
		warn("permit", "any_address", "any address that can reach the port may try to log in; permit only the integration's address")
	case len(a.Permit) > 0 && len(a.Deny) == 0:
		warn("deny", "deny_all_added", "only the permitted addresses can log in; all others are denied")
	}
	if len(a.Permit) > 0 && len(a.Deny) > 0 {
		for _, all := range allAddresses() {
			if family := familyName(all); !covers(a.Deny, all) {
				warn("deny", "open_family", fmt.Sprintf("some %s addresses may log in although they are not permitted; also deny %s", family, all))
			}
		}
	}
	for i, d := range a.Deny {
		if d.Prefix().Bits() > 0 && covers(a.Permit, d) {
			warn(fmt.Sprintf("deny[%d]", i), "overridden", "this has no effect: a later permit contains it, and the last matching rule wins")
		}
	}
}

// covers reports whether one of the networks contains all of n.
func covers(networks []Network, n Network) bool {
	for _, w := range networks {
		if w.Prefix().Bits() <= n.Prefix().Bits() && w.Contains(n.Prefix().Addr()) {
			return true
		}
	}
	return false
}

// coverAll reports whether each of ns is contained in one of the networks.
func coverAll(networks, ns []Network) bool {
	return !slices.ContainsFunc(ns, func(n Network) bool { return !covers(networks, n) })
}

func familyName(n Network) string {
	if n.Prefix().Addr().Is4() {
		return "IPv4"
	}
	return "IPv6"
}
