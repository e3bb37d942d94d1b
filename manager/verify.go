package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// maxLogins bounds how many secrets one apply proves by logging in.
const maxLogins = 100

// Verify asks the running Asterisk which accounts it has, and for each changed
// one everything that it shows: privileges, addresses, displayconnects,
// allowmultiplelogin. Where it can, it proves the new secrets by logging in.
// Write timeouts and event filters Asterisk shows nobody.
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

// verifyNames checks that every account is there, and that none is that was
// taken away.
func verifyNames(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	lines, err := asterisk.Command(ctx, "manager show users")
	if err != nil {
		return err
	}
	live := parseAccountNames(lines)
	wanted := make(map[string]bool, len(change.After))
	for _, section := range change.After {
		wanted[FoldName(section.Name)] = true
		if !live[FoldName(section.Name)] {
			return mismatch(section.Name, "Asterisk does not know it; its log says why")
		}
	}
	for _, section := range slices.Concat(change.Before, change.Live) {
		// One that a person has written in its place is not ours to judge.
		if name := FoldName(section.Name); live[name] && !wanted[name] && !change.OtherFileSections[name] {
			return mismatch(section.Name, "Asterisk still has it")
		}
	}
	return nil
}

func mismatch(name, difference string) error {
	return &asteriskconf.MismatchError{Object: kind + " " + name, Difference: difference}
}

// verifyAccount compares one account with what "manager show user" prints.
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
	if acl, _ := section.Value("acl"); live.namedACL != acl {
		return mismatch(section.Name, "the named access list differs")
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

// verifySecrets logs in as the accounts whose secret is new, as far as they
// admit the address that we come from. That must be the one that Asterisk
// sees: not past this host, and not when it runs in a container that sees
// another. An account that is logged in already, and allows one session only,
// cannot be tried.
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
			return mismatch(changed.Name, "Asterisk refuses a login with its secret")
		}
		if err != nil && !errors.Is(err, ami.ErrAlreadyLoggedIn) {
			return err
		}
	}
	return nil
}

// localAddress returns the address of ours from which address is reached. No
// packet is sent: the kernel picks the route of an unconnected datagram.
func localAddress(ctx context.Context, address string) (netip.Addr, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", address)
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return local.Addr().Unmap(), err
}

// hasSessionFrom reports whether Asterisk has a session from that address. One of
// its sessions is ours.
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

// sectionPermits reports whether the account lets addr log in for certain: a named
// access list is Asterisk's to judge.
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
