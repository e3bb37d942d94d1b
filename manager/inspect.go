package manager

import (
	"cmp"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

// Codes of the obstacles that a [Source] knows.
const (
	// ObstacleDisabled: [general] does not say enabled = yes, so nothing
	// listens.
	ObstacleDisabled = "enabled"
	// ObstacleSetvar: an account has setvar, which corrupts Asterisk at each
	// reload.
	ObstacleSetvar = "setvar"
	// ObstaclePublic: AMI listens on an address that other hosts can reach.
	ObstaclePublic = "bindaddr"
)

// defaultPort is that of AMI without TLS.
const defaultPort = "5038"

// Inspect finds what in [general] of manager.conf keeps AMI from working, or
// opens it to others. The defaults are those of main/manager.c: enabled = no,
// and an unset bindaddr listens on every address.
func (s *Source) Inspect(tree *asteriskconf.Tree) []asteriskconf.Obstacle {
	return append(inspectGeneral(tree), inspectAccounts(tree)...)
}

// inspectAccounts finds accounts that have setvar.
func inspectAccounts(tree *asteriskconf.Tree) []asteriskconf.Obstacle {
	var found []asteriskconf.Obstacle
	for _, section := range tree.Sections {
		if section.Template || FoldName(section.Name) == "general" {
			continue
		}
		for i, line := range section.Lines {
			if FoldName(line.Key) == "setvar" {
				at := section.At[i]
				found = append(found, asteriskconf.Obstacle{Code: ObstacleSetvar, File: at.File, Line: at.Line, Message: setvarHarm, Blocks: true})
				break
			}
		}
	}
	return found
}

func inspectGeneral(tree *asteriskconf.Tree) []asteriskconf.Obstacle {
	general := generalSection(tree)
	if general == nil {
		return []asteriskconf.Obstacle{{
			Code: ObstacleDisabled, File: "manager.conf", Blocks: true,
			Message: "there is no section [general], so AMI is off; mending adds one with enabled = yes that listens on 127.0.0.1",
			Mend:    &asteriskconf.Mend{After: true, Text: "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"},
		}}
	}
	var found []asteriskconf.Obstacle
	if value, _ := general.Value("enabled"); !isTrue(value) {
		off := obstacle(general, "enabled", "yes", "AMI is off; mending sets enabled = yes")
		off.Blocks = true
		found = append(found, off)
	}
	bind, _ := general.Value("bindaddr")
	if addr, ok := bindAddress(bind); !ok || !addr.IsLoopback() {
		found = append(found, obstacle(general, "bindaddr", "127.0.0.1",
			"AMI listens on an address that other hosts can reach; mending sets bindaddr = 127.0.0.1, which keeps integrations on other hosts out"))
	}
	return found
}

// ListenAddress returns the host and port at which AMI can be reached from
// the host of Asterisk itself, as manager.conf says.
func ListenAddress(tree *asteriskconf.Tree) string {
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
func generalSection(tree *asteriskconf.Tree) *asteriskconf.ParsedSection {
	i := slices.IndexFunc(tree.Sections, func(s asteriskconf.ParsedSection) bool {
		return !s.Template && FoldName(s.Name) == "general"
	})
	if i < 0 {
		return nil
	}
	return &tree.Sections[i]
}

// obstacle is about one key of a section: its last line is replaced, or a
// line is added below the header.
func obstacle(section *asteriskconf.ParsedSection, key, value, message string) asteriskconf.Obstacle {
	o := asteriskconf.Obstacle{
		Code: key, File: section.File, Message: message,
		Mend: &asteriskconf.Mend{Line: section.Line, After: true, Text: key + " = " + value},
	}
	for i, line := range section.Lines {
		if FoldName(line.Key) == key {
			at := section.At[i]
			o.File, o.Line = at.File, at.Line
			o.Mend.Line, o.Mend.After = at.Line, false
		}
	}
	if filepath.IsAbs(o.File) {
		o.Mend = nil
	}
	return o
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
