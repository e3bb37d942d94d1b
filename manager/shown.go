package manager

import (
	"net/netip"
	"regexp"
	"strings"
)

// shownUser is what the console command "manager show user" tells of an
// account (handle_showmanager in main/manager.c).
type shownUser struct {
	// fields by their label, such as "read perm".
	fields map[string]string
	// rules are the deny and permit lines in order, "deny 0.0.0.0/0".
	rules []string
	// namedACL is the list of acl.conf that applies as well.
	namedACL string
}

var (
	shownField = regexp.MustCompile(`^ *([a-z ]+): (.*)$`)
	shownList  = regexp.MustCompile(`^ACL: (.*)$`)
	shownRule  = regexp.MustCompile(`^ *[0-9]+: +(allow|deny) - ([0-9a-fA-F.:]+)/([0-9a-fA-F.:]+)$`)
)

func parseShown(lines []string) shownUser {
	shown := shownUser{fields: make(map[string]string)}
	unnamed := true
	for _, line := range lines {
		line = strings.TrimRight(line, " \r\n")
		if list := shownList.FindStringSubmatch(line); list != nil {
			if unnamed = list[1] == "(unnamed)"; !unnamed {
				shown.namedACL = strings.TrimSuffix(list[1], " (realtime)")
			}
			continue
		}
		if rule := shownRule.FindStringSubmatch(line); rule != nil {
			if unnamed {
				shown.rules = append(shown.rules, rule[1]+" "+shownNetwork(rule[2], rule[3]))
			}
			continue
		}
		if field := shownField.FindStringSubmatch(line); field != nil {
			shown.fields[field[1]] = field[2]
		}
	}
	return shown
}

// shownNetwork turns an address and a mask as Asterisk prints them into CIDR
// form.
func shownNetwork(address, mask string) string {
	if addr, err := netip.ParseAddr(address); err == nil && addr.Is6() && mask == "::" {
		return netip.PrefixFrom(addr, 0).String()
	}
	n, err := ParseNetwork(address + "/" + mask)
	if err != nil {
		return address + "/" + mask
	}
	return n.String()
}
