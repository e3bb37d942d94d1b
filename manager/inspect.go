package manager

import (
	"cmp"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Codes of the obstacles that a [ConfSource] knows.
const (
	// IssueDisabled: [general] does not say enabled = yes, so nothing
	// listens.
	IssueDisabled = "enabled"
	// IssueSetvar: an account has setvar, which corrupts Asterisk at each
	// reload.
	IssueSetvar = "setvar"
	// IssuePublic: AMI listens on an address that other hosts can reach.
	IssuePublic = "bindaddr"
)

// defaultPort is that of AMI without TLS.
const defaultPort = "5038"

// Inspect finds what in [general] of manager.conf keeps AMI from working, or
// opens it to others. The defaults are those of main/manager.c: enabled = no,
// and an unset bindaddr listens on every address.
func (s *ConfSource) Inspect(tree *dialect.Tree) []asteriskconf.Issue {
	return append(inspectGeneral(tree), inspectAccounts(tree)...)
}

// inspectAccounts finds accounts that have setvar.
func inspectAccounts(tree *dialect.Tree) []asteriskconf.Issue {
	var issues []asteriskconf.Issue
	for _, section := range tree.Sections {
		if section.Template || FoldName(section.Name) == "general" {
			continue
		}
		for i, line := range section.Lines {
			if FoldName(line.Key) == "setvar" {
				pos := section.Positions[i]
				issues = append(issues, asteriskconf.Issue{Code: IssueSetvar, File: pos.File, Line: pos.Line, Message: setvarWarning, Blocking: true})
				break
			}
		}
	}
	return issues
}

func inspectGeneral(tree *dialect.Tree) []asteriskconf.Issue {
	general := generalSection(tree)
	if general == nil {
		return []asteriskconf.Issue{{
			Code: IssueDisabled, File: "manager.conf", Blocking: true,
			Message: "there is no section [general], so AMI is off; mending adds one with enabled = yes that listens on 127.0.0.1",
			Fix:     &asteriskconf.Fix{InsertAfter: true, Text: "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"},
		}}
	}
	var issues []asteriskconf.Issue
	if value, _ := general.Value("enabled"); !isTrue(value) {
		issue := keyIssue(general, "enabled", "yes", "AMI is off; mending sets enabled = yes")
		issue.Blocking = true
		issues = append(issues, issue)
	}
	bind, _ := general.Value("bindaddr")
	if addr, ok := bindAddress(bind); !ok || !addr.IsLoopback() {
		issues = append(issues, keyIssue(general, "bindaddr", "127.0.0.1",
			"AMI listens on an address that other hosts can reach; mending sets bindaddr = 127.0.0.1, which keeps integrations on other hosts out"))
	}
	return issues
}

// ListenAddress returns the host and port at which AMI can be reached from
// the host of Asterisk itself, as manager.conf says.
func ListenAddress(tree *dialect.Tree) string {
	general := generalSection(tree)
	if general == nil {
		return DefaultAddress
	}
	port, _ := general.Value("port")
	bind, _ := general.Value("bindaddr")
	addr, ok := bindAddress(bind)
	if !ok || addr.IsUnspecified() {
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return net.JoinHostPort(addr.String(), cmp.Or(port, defaultPort))
}

// generalSection returns the section in which Asterisk looks for settings:
// the first of that name.
func generalSection(tree *dialect.Tree) *dialect.ParsedSection {
	i := slices.IndexFunc(tree.Sections, func(s dialect.ParsedSection) bool {
		return !s.Template && FoldName(s.Name) == "general"
	})
	if i < 0 {
		return nil
	}
	return &tree.Sections[i]
}

// keyIssue is about one key of a section: its last line is replaced, or a
// line is added below the header.
func keyIssue(section *dialect.ParsedSection, key, value, message string) asteriskconf.Issue {
	issue := asteriskconf.Issue{
		Code: key, File: section.File, Message: message,
		Fix: &asteriskconf.Fix{Line: section.Line, InsertAfter: true, Text: key + " = " + value},
	}
	for i, line := range section.Lines {
		if FoldName(line.Key) == key {
			pos := section.Positions[i]
			issue.File, issue.Line = pos.File, pos.Line
			issue.Fix.Line, issue.Fix.InsertAfter = pos.Line, false
		}
	}
	if filepath.IsAbs(issue.File) {
		issue.Fix = nil
	}
	return issue
}

// isTrue reads a value as ast_true does (main/utils.c).
func isTrue(value string) bool {
	return slices.Contains([]string{"yes", "true", "y", "t", "1", "on"}, strings.ToLower(value))
}

// bindAddress reads the address that AMI binds to, which may stand in brackets
// and carry a port that Asterisk ignores. It takes no host names.
func bindAddress(value string) (netip.Addr, bool) {
	if value == "" {
		return netip.IPv6Unspecified(), true
	}
	if addr, err := netip.ParseAddr(value); err == nil {
		return addr, true
	}
	for _, port := range []string{"", ":0"} {
		if withPort, err := netip.ParseAddrPort(value + port); err == nil {
			return withPort.Addr(), true
		}
	}
	return netip.Addr{}, false
}
