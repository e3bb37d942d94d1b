package manager

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Codes of the issues that [ConfSource.Inspect] returns.
const (
	// IssueDisabled means that [general] lacks enabled = yes, so AMI does not
	// listen.
	IssueDisabled = "enabled"
	// IssueSetvar means that an account has setvar, which corrupts Asterisk at
	// each reload.
	IssueSetvar = "setvar"
	// IssueUsersConf means that an account is in users.conf, where a reload of
	// manager.conf drops it.
	IssueUsersConf = "users_conf"
	// IssuePublic means that AMI listens on an address that other hosts can
	// reach.
	IssuePublic = "bindaddr"
	// IssueExec means that the program of an #exec line may print accounts, which an
	// account of the same name would replace.
	IssueExec = "exec"
)

// defaultPort is the port of AMI without TLS.
const defaultPort = "5038"

// Inspect returns the issues in [general] of manager.conf that disable AMI or
// open it to other hosts, and accounts that a reload would harm. The defaults are
// those of main/manager.c: enabled = no, and an unset bindaddr listens on every
// address. It asks Asterisk for the accounts that the program of an #exec line prints.
func (s *ConfSource) Inspect(ctx context.Context, in *asteriskconf.Inspection) []asteriskconf.Issue {
	return slices.Concat(inspectGeneral(in.Tree), inspectAccounts(in.Tree), inspectUsersConf(in.Dir), inspectExec(ctx, in))
}

// inspectUsersConf returns an issue for each AMI account in users.conf. Asterisk 22 and
// older removes these accounts at each reload of manager.conf in which users.conf is
// unchanged (__init_manager in main/manager.c). Newer versions do not read them.
func inspectUsersConf(dir string) []asteriskconf.Issue {
	var issues []asteriskconf.Issue
	for _, section := range usersConfAccounts(dir) {
		issues = append(issues, asteriskconf.Issue{
			Code: IssueUsersConf, File: section.File, Line: section.Line, Blocking: true,
			Message: "the AMI account " + section.Name + " would disappear from Asterisk with the next reload, because it is in users.conf; move it to manager.conf, and remove hasmanager here",
		})
	}
	return issues
}

// usersConfAccounts returns the sections of users.conf that are AMI accounts. Asterisk
// has no accounts there if the file is missing or invalid.
func usersConfAccounts(dir string) []dialect.ParsedSection {
	tree, err := dialect.ParseFile(dir, usersConf, nil)
	if err != nil {
		return nil
	}
	byDefault := false
	if general := generalSection(tree); general != nil {
		value, _ := general.Value("hasmanager")
		byDefault = isTrue(value)
	}
	return slices.DeleteFunc(tree.Sections, func(s dialect.ParsedSection) bool {
		value, given := s.Value("hasmanager")
		isAccount := isTrue(value) || !given && byDefault
		return !isAccount || s.Template || FoldName(s.Name) == "general"
	})
}

const usersConf = "users.conf"

// inspectAccounts returns an issue for each account with setvar.
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
			Code: IssueDisabled, File: managerConf, Blocking: true,
			Message: "AMI is off because there is no section [general]; the fix adds one with enabled = yes that listens on 127.0.0.1",
			Fix:     &asteriskconf.Fix{InsertAfter: true, Text: "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"},
		}}
	}
	var issues []asteriskconf.Issue
	if value, _ := general.Value("enabled"); !isTrue(value) {
		issue := keyIssue(general, "enabled", "yes", "AMI is off; the fix sets enabled = yes")
		issue.Blocking = true
		issues = append(issues, issue)
	}
	bind, _ := general.Value("bindaddr")
	if addr, ok := bindAddress(bind); !ok || !addr.IsLoopback() {
		issues = append(issues, keyIssue(general, "bindaddr", "127.0.0.1",
			"AMI listens on an address that other hosts can reach; the fix sets bindaddr = 127.0.0.1, which locks out integrations on other hosts"))
	}
	return issues
}

// ListenAddress returns the host and port of AMI as seen from the host of
// Asterisk, according to manager.conf.
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

// generalSection returns the section from which Asterisk reads settings: the
// first one with that name.
func generalSection(tree *dialect.Tree) *dialect.ParsedSection {
	i := slices.IndexFunc(tree.Sections, func(s dialect.ParsedSection) bool {
		return !s.Template && FoldName(s.Name) == "general"
	})
	if i < 0 {
		return nil
	}
	return &tree.Sections[i]
}

// keyIssue returns an issue with one key of a section. Its fix replaces the
// last line of the key, or adds a line after the header.
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

// isTrue parses a value as ast_true does (main/utils.c).
func isTrue(value string) bool {
	return slices.Contains([]string{"yes", "true", "y", "t", "1", "on"}, strings.ToLower(value))
}

// bindAddress parses the address that AMI binds to. It may have brackets and a
// port, which Asterisk ignores. Host names are not accepted.
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
