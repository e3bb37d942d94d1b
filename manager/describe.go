package manager

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

var _ asteriskconf.Describer = (*ConfSource)(nil)

// Describe explains the change of an account. Dangers are new classes equivalent to
// root, and addresses that could not log in before.
func (*ConfSource) Describe(change *asteriskconf.SectionChange) asteriskconf.Description {
	switch {
	case change.After == nil:
		return asteriskconf.Description{Summary: []string{"account removed: programs that use it can no longer log in"}}
	case change.Before == nil:
		after := parseSection(change.After)
		return asteriskconf.Description{
			Dangers: accountDangers(nil, after),
			Summary: []string{
				"new account", "may " + cmp.Or(actions(after.Write), "do nothing"), "may connect from " + addressText(after),
				"receives " + cmp.Or(events(after.Read), "no events"),
			},
		}
	}
	before, after := parseSection(change.Before), parseSection(change.After)
	return asteriskconf.Description{Dangers: accountDangers(before, after), Summary: changeSummary(change, before, after)}
}

// parseSection returns what a section permits. An unknown class counts as none, so that
// a change to a manually edited file is described as more than it is, never as less.
func parseSection(section *dialect.Section) *Account {
	a := &Account{}
	a.NamedACL, _ = section.Value("acl")
	for _, line := range section.Lines {
		switch line.Key {
		case "read":
			a.Read, _ = ParsePrivileges(strings.Split(line.Value, ",")...)
		case "write":
			a.Write, _ = ParsePrivileges(strings.Split(line.Value, ",")...)
		case "deny", "permit":
			n, err := ParseNetwork(line.Value)
			if err != nil {
				continue
			}
			if line.Key == "deny" {
				a.Deny = append(a.Deny, n)
			} else {
				a.Permit = append(a.Permit, n)
			}
		}
	}
	return a
}

// accountDangers returns what an account could not do before; before is nil for a new
// account.
func accountDangers(before, after *Account) []asteriskconf.Danger {
	var dangers []asteriskconf.Danger
	risky := after.Write & rootLike
	if before != nil {
		risky &^= before.Write
	}
	if risky != 0 {
		dangers = append(dangers, asteriskconf.Danger{Code: "root_like", Message: fmt.Sprintf(
			"root-equivalent access; with write %s the account can take over the whole PBX", risky.list())})
	}
	switch {
	case after.PermitsAnyAddress() && (before == nil || !before.PermitsAnyAddress()):
		dangers = append(dangers, asteriskconf.Danger{Code: "any_address", Message: "any address may connect"})
	case before != nil && !before.permitsAllOf(after):
		what := "changed"
		if after.permitsAllOf(before) {
			what = "widened"
		}
		dangers = append(dangers, asteriskconf.Danger{Code: "addresses_widened", Message: fmt.Sprintf(
			"addresses %s: may connect from %s, before from %s", what, addressText(after), addressText(before))})
	}
	return dangers
}

// PermitsAnyAddress reports whether the account may log in from any address of IPv4 or
// IPv6: no rule denies one.
func (a *Account) PermitsAnyAddress() bool {
	return a.NamedACL == "" && (len(a.effectiveDeny()) == 0 ||
		slices.ContainsFunc(allAddresses(), func(all Network) bool { return covers(a.Permit, all) }))
}

// addressText lists the addresses that may connect.
func addressText(a *Account) string {
	var parts []string
	switch {
	case len(a.Permit) > 0:
		parts = append(parts, networkText(a.Permit))
		if len(a.Deny) > 0 && !coverAll(a.Deny, allAddresses()) {
			parts = append(parts, "all but "+networkText(a.Deny))
		}
	case coverAll(a.Deny, allAddresses()):
		parts = append(parts, "nowhere")
	case len(a.Deny) > 0:
		parts = append(parts, "all but "+networkText(a.Deny))
	default:
		parts = append(parts, "any address")
	}
	if a.NamedACL != "" {
		parts = append(parts, "limited by the named ACL "+a.NamedACL)
	}
	return strings.Join(parts, "; ")
}

func networkText(networks []Network) string {
	texts := make([]string, len(networks))
	for i, n := range networks {
		texts[i] = n.String()
	}
	return strings.Join(texts, ", ")
}

// changeSummary describes each changed setting.
func changeSummary(change *asteriskconf.SectionChange, before, after *Account) []string {
	summary := append(
		privilegeSummary("may now", "may no longer", actions, before.Write, after.Write),
		privilegeSummary("now receives", "no longer receives", events, before.Read, after.Read)...,
	)
	if old, now := addressText(before), addressText(after); old != now {
		summary = append(summary, fmt.Sprintf("may connect from %s, before from %s", now, old))
	}
	described := []string{"read", "write", "deny", "permit", "acl"}
	for _, key := range sectionKeys(change) {
		text := keySummary(key, change.Before.Values(key), change.After.Values(key))
		if text != "" && !slices.Contains(described, key) && !slices.Contains(summary, text) {
			summary = append(summary, text)
		}
	}
	if len(summary) == 0 {
		summary = append(summary, "order or spelling of lines changed")
	}
	return summary
}

// privilegeSummary describes the classes that were added and removed.
func privilegeSummary(gains, loses string, inWords func(Privileges) string, before, after Privileges) []string {
	var summary []string
	if added := after &^ before; added != 0 {
		summary = append(summary, gains+" "+inWords(added))
	}
	if removed := before &^ after; removed != 0 {
		summary = append(summary, loses+" "+inWords(removed))
	}
	return summary
}

// actions says what the classes permit in write, and events what they send in read.
func actions(p Privileges) string {
	return inWords(p, func(c *Class) string { return strings.TrimSuffix(c.Write, rootSuffix) }, "nothing")
}

func events(p Privileges) string {
	return inWords(p, func(c *Class) string { return c.Read }, "no events")
}

// inWords lists the classes with what they mean. A class without an effect has none.
func inWords(p Privileges, meaning func(c *Class) string, none string) string {
	var parts []string
	for i := range classes {
		c := &classes[i]
		if p.Has(c.Privilege) {
			parts = append(parts, cmp.Or(meaning(c), none)+" ("+c.Name+")")
		}
	}
	return strings.Join(parts, "; ")
}

// keySummary describes the change of a key; "" if its values are the same.
func keySummary(key string, before, after []string) string {
	switch label := keyLabels()[key]; {
	case slices.Equal(before, after):
		return ""
	case strings.HasPrefix(key, "eventfilter"):
		return "event filters changed"
	case label != "" && len(before) == 1 && len(after) == 1:
		return fmt.Sprintf("%s: %s, before %s", label, after[0], before[0])
	}
	return key + " changed"
}

// keyLabels are the keys whose values may be shown.
func keyLabels() map[string]string {
	return map[string]string{
		"displayconnects": "log connections", "allowmultiplelogin": "several sessions at once", "writetimeout": "write timeout in milliseconds",
	}
}

// sectionKeys returns the keys of both sections, in order.
func sectionKeys(change *asteriskconf.SectionChange) []string {
	var keys []string
	for _, line := range slices.Concat(change.Before.Lines, change.After.Lines) {
		if !slices.Contains(keys, line.Key) {
			keys = append(keys, line.Key)
		}
	}
	return keys
}
