package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// maxLogins limits the secrets that one apply verifies by logging in.
const maxLogins = 100

// Verify compares the accounts of the running Asterisk. For each changed
// account it compares everything that Asterisk shows: privileges, addresses,
// displayconnects and allowmultiplelogin. A named ACL must exist. Where possible it verifies new
// secrets by logging in. Asterisk does not show write timeouts and event
// filters.
func (s *ConfSource) Verify(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	if err := verifyNames(ctx, asterisk, change); err != nil {
		return err
	}
	for _, changed := range change.Sections {
		if changed.After == nil {
			continue
		}
		if err := verifyAccount(ctx, asterisk, changed.After); err != nil {
			return err
		}
	}
	return s.verifySecrets(ctx, asterisk, change)
}

// verifyNames verifies that every account exists and every removed one does
// not.
func verifyNames(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	live, err := liveNames(ctx, asterisk.Command)
	if err != nil {
		return err
	}
	wanted := make(map[string]bool, len(change.After))
	for _, section := range change.After {
		wanted[FoldName(section.Name)] = true
		if !live[FoldName(section.Name)] {
			return mismatch(section.Name, "Asterisk does not have it; see the log of Asterisk")
		}
	}
	for _, section := range slices.Concat(change.Before, change.Live) {
		// Do not judge a manual section of the same name.
		if name := FoldName(section.Name); live[name] && !wanted[name] && !change.OtherFileSections[name] {
			return mismatch(section.Name, "Asterisk still has it")
		}
	}
	return nil
}

func mismatch(name, difference string) error {
	return &asteriskconf.MismatchError{Object: kind + " " + name, Difference: difference}
}

// verifyAccount compares one account with the output of "manager show user".
func verifyAccount(ctx context.Context, asterisk asteriskconf.Asterisk, section *dialect.Section) error {
	lines, err := asterisk.Command(ctx, "manager show user "+section.Name)
	if err != nil {
		return err
	}
	live := parseAccount(lines)
	for _, key := range []struct{ shown, written string }{
		{"read perm", "read"},
		{"write perm", "write"},
		{"displayconnects", "displayconnects"},
		{"allowmultiplelogin", "allowmultiplelogin"},
	} {
		want, _ := section.Value(key.written)
		if want == "none" {
			want = "<none>"
		}
		if got := live.fields[key.shown]; got != want {
			return mismatch(section.Name, fmt.Sprintf("%s is %s, not %s", key.written, got, want))
		}
	}
	if live.fields["secret"] != "<Set>" {
		return mismatch(section.Name, "it has no secret")
	}
	if want := configuredRules(section); !slices.Equal(live.rules, want) {
		return mismatch(section.Name, fmt.Sprintf("its addresses are %s, not %s", live.rules, want))
	}
	acl, _ := section.Value("acl")
	if live.namedACL != acl {
		return mismatch(section.Name, "the named ACL differs")
	}
	return verifyNamedACL(ctx, asterisk, section.Name, acl)
}

// verifyNamedACL verifies that Asterisk has the named ACL of an account. Without it,
// Asterisk denies every login and shows the account as usual (ast_append_acl in
// main/acl.c).
func verifyNamedACL(ctx context.Context, asterisk asteriskconf.Asterisk, account, acl string) error {
	if acl == "" {
		return nil
	}
	lines, err := asterisk.Command(ctx, "acl show "+acl)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "Could not find") }) {
		return mismatch(account, "its named ACL is not in acl.conf, so nobody could log in; add the ACL there and run 'module reload acl', or leave it out")
	}
	return nil
}

// configuredRules returns the deny and permit lines of a section in order.
func configuredRules(section *dialect.Section) []string {
	var rules []string
	for _, line := range section.Lines {
		switch line.Key {
		case "deny":
			rules = append(rules, "deny "+line.Value)
		case "permit":
			rules = append(rules, "allow "+line.Value)
		}
	}
	return rules
}

// verifySecrets logs in as the accounts with a new secret, if they permit our
// address. Asterisk must see the same address: that fails for other hosts, and
// for a container that sees another one. It skips an account that is logged in
// and allows one session only.
func (s *ConfSource) verifySecrets(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	if s.opts.Address == "" {
		return nil
	}
	from, err := localAddress(ctx, s.opts.Address)
	if err != nil || !from.IsLoopback() {
		return err
	}
	if seen, err := hasSessionFrom(ctx, asterisk, from); err != nil || !seen {
		return err
	}
	tried := 0
	for _, changed := range change.Sections {
		if changed.After == nil || !secretChanged(changed) || !sectionPermits(changed.After, from) {
			continue
		}
		if tried++; tried > maxLogins {
			return nil
		}
		secret, _ := changed.After.Value("secret")
		_, err := ami.CheckLogin(ctx, s.opts.Address, &ami.Options{
			Username: changed.Name, Secret: store.NewSecret(secret), TLS: s.opts.TLS,
		})
		if errors.Is(err, ami.ErrAuthentication) {
			return mismatch(changed.Name, "Asterisk denies a login with its secret")
		}
		if err != nil && !errors.Is(err, ami.ErrAlreadyLoggedIn) {
			return err
		}
	}
	return nil
}

// localAddress returns the local address used to reach address. No packet is
// sent: the kernel selects the route of an unconnected datagram.
func localAddress(ctx context.Context, address string) (netip.Addr, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", address)
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return local.Addr().Unmap(), err
}

// hasSessionFrom reports whether Asterisk has a session from addr. One of its
// sessions is ours.
func hasSessionFrom(ctx context.Context, asterisk asteriskconf.Asterisk, addr netip.Addr) (bool, error) {
	lines, err := asterisk.Command(ctx, showConnectedCommand)
	return slices.ContainsFunc(lines, func(line string) bool {
		found, ok := parseSession(line)
		return ok && found.address == addr.String()
	}), err
}

func secretChanged(change asteriskconf.SectionChange) bool {
	if change.Before == nil {
		return true
	}
	before, _ := change.Before.Value("secret")
	after, _ := change.After.Value("secret")
	return before != after
}

// sectionPermits reports whether the account certainly permits addr. Only
// Asterisk can evaluate a named ACL.
func sectionPermits(section *dialect.Section, addr netip.Addr) bool {
	if _, named := section.Value("acl"); named {
		return false
	}
	var a Account
	for _, line := range section.Lines {
		n, err := ParseNetwork(line.Value)
		switch {
		case err != nil:
		case line.Key == "deny":
			a.Deny = append(a.Deny, n)
		case line.Key == "permit":
			a.Permit = append(a.Permit, n)
		}
	}
	return a.permits(addr)
}
