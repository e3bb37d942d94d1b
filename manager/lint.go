package manager

import (
	"fmt"
	"slices"
	"strings"
)

// Warning is something about an account that is allowed and probably not
// meant.
type Warning struct {
	// Field is the field concerned, named as in JSON.
	Field string `json:"field"`
	// Code is a short, stable word for programs.
	Code string `json:"code"`
	// Message is one sentence: what happens, and what to do.
	Message string `json:"message"`
}

// rootLike are the classes with which an integration can take over the host:
// the console and the configuration run programs (System of the dialplan,
// #exec), and class system lifts the limits on what Originate may run.
const rootLike = System | Command | Config

// Lint returns what is doubtful about the account; it refuses nothing.
func (a *Account) Lint() []Warning {
	var warnings []Warning
	warn := func(field, code, message string) {
		warnings = append(warnings, Warning{Field: field, Code: code, Message: message})
	}
	a.lintAddresses(warn)
	for _, c := range Classes() {
		if a.Read.Has(c.Privilege) && c.Read == "" {
			warn("read", "no-effect", fmt.Sprintf("%s does nothing in read: Asterisk has no events of this class", c.Name))
		}
		if a.Write.Has(c.Privilege) && c.Write == "" {
			warn("write", "no-effect", fmt.Sprintf("%s does nothing in write: Asterisk has no actions of this class", c.Name))
		}
	}
	if a.Write.Has(Originate) && !a.Write.Has(Call) {
		warn("write", "originate-without-call", "the account can start calls, but not redirect or hang up any: that needs call as well")
	}
	if risky := a.Write & rootLike; risky != 0 {
		warn("write", "root-like", fmt.Sprintf("with %s the account can take over the whole PBX: permit only hosts that you trust like root",
			strings.Join(risky.Names(), ", ")))
	}
	a.lintFilters(warn)
	return warnings
}

func (a *Account) lintFilters(warn func(field, code, message string)) {
	if a.Read == NoPrivileges && len(a.EventFilters) > 0 {
		warn("event_filters", "no-effect", "event filters do nothing: without a class in read the account is sent no events")
	}
	for i, f := range a.EventFilters {
		if f.Header == "" && (f.Method == MatchExact || f.Method == MatchEndsWith) {
			warn(fmt.Sprintf("event_filters[%d]", i), "never-matches", "this matches no event: the whole text of one ends in a line break; name the header to compare")
		}
	}
}

func (a *Account) lintAddresses(warn func(field, code, message string)) {
	if len(a.Permit)+len(a.Deny) == 0 && a.NamedACL == "" {
		warn("permit", "any-address", "anybody who can reach the port may try to log in: permit only the integration's address")
	}
	if len(a.Permit) > 0 && len(a.Deny) == 0 {
		warn("deny", "deny-all-added", "permit alone would keep nobody out: all other addresses are denied for you")
	}
	if len(a.Permit) > 0 && len(a.Deny) > 0 {
		for _, all := range allAddresses() {
			if family := familyName(all); !covers(a.Deny, all) {
				warn("deny", "open-family", fmt.Sprintf("some %s addresses may log in although they are not permitted: deny %s as well", family, all))
			}
		}
	}
	for i, d := range a.Deny {
		if d.Prefix().Bits() > 0 && covers(a.Permit, d) {
			warn(fmt.Sprintf("deny[%d]", i), "overruled", "this has no effect: a permit that contains it comes after it, and the last rule that matches wins")
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
