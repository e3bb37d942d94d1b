package manager

import (
	"regexp"
	"slices"
	"strings"
)

// consoleAccount is the output of the console command "manager show user"
// (handle_showmanager in main/manager.c).
type consoleAccount struct {
	// fields maps labels, such as "read perm", to values.
	fields map[string]string
	// rules are the deny and permit lines in order, such as "deny 0.0.0.0/0".
	rules []string
	// namedACL is the list in acl.conf.
	namedACL string
}

var (
	consoleField = regexp.MustCompile(`^ *([a-z ]+): (.*)$`)
	consoleACL   = regexp.MustCompile(`^ACL: (.*)$`)
	consoleRule  = regexp.MustCompile(`^ *[0-9]+: +(allow|deny) - ([0-9a-fA-F.:]+)/([0-9a-fA-F.:]+)$`)
)

// parseAccountNames parses the output of the console command "manager show
// users". It returns the folded account names, which are between two lines of
// dashes.
func parseAccountNames(lines []string) map[string]bool {
	const before, after = "--------", "-------------------"
	names := make(map[string]bool, len(lines))
	begin, end := slices.Index(lines, before), len(lines)-1
	for end > begin && lines[end] != after {
		end--
	}
	for _, line := range lines[begin+1 : max(begin+1, end)] {
		names[FoldName(line)] = true
	}
	return names
}

func parseAccount(lines []string) consoleAccount {
	parsed := consoleAccount{fields: make(map[string]string)}
	unnamed := true
	for _, line := range lines {
		line = strings.TrimRight(line, " \r\n")
		if list := consoleACL.FindStringSubmatch(line); list != nil {
			if unnamed = list[1] == "(unnamed)"; !unnamed {
				parsed.namedACL = strings.TrimSuffix(list[1], " (realtime)")
			}
			continue
		}
		if rule := consoleRule.FindStringSubmatch(line); rule != nil {
			if unnamed {
				parsed.rules = append(parsed.rules, rule[1]+" "+consoleNetwork(rule[2], rule[3]))
			}
			continue
		}
		field := consoleField.FindStringSubmatch(line)
		if field == nil {
			continue
		}
		// The first line with a label counts: variables follow and may look
		// like one.
		if _, known := parsed.fields[field[1]]; !known {
			parsed.fields[field[1]] = field[2]
		}
	}
	return parsed
}

// consoleNetwork converts an address and a mask in Asterisk's format into CIDR
// form.
func consoleNetwork(address, mask string) string {
	n, err := ParseNetwork(address + "/" + mask)
	if err != nil {
		return address + "/" + mask
	}
	return n.String()
}
