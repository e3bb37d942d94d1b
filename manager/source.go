package manager

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// Source renders the AMI accounts of a store into pbxusers_manager.conf, and
// proves them live. It is an [asteriskconf.Source].
type Source struct {
	store Store
	opts  SourceOptions
}

// SourceOptions are what a [Source] may be given beside its store.
type SourceOptions struct {
	// Address is the host and port of AMI. When that is on this host, an
	// apply proves the secrets of changed accounts, which Asterisk shows
	// nobody, by logging in with them, as far as an account admits this host.
	// Defaults to none: secrets are then checked in the file only.
	Address string
	// TLS makes these logins use TLS. Defaults to plain TCP.
	TLS *tls.Config
}

// maxLogins bounds how many secrets one apply proves by logging in.
const maxLogins = 100

// NewSource returns a source over st.
func NewSource(st Store, opts *SourceOptions) *Source {
	s := &Source{store: st}
	if opts != nil {
		s.opts = *opts
	}
	return s
}

// FileName is the file that a [Source] owns.
const FileName = "pbxusers_manager.conf"

// File describes pbxusers_manager.conf.
func (s *Source) File() asteriskconf.File {
	return asteriskconf.File{
		Name:        FileName,
		Parent:      "manager.conf",
		Module:      "manager",
		SecretKeys:  []string{"secret"},
		OwnSections: true,
	}
}

// Sections renders every account that is not disabled, in the order of names.
func (s *Source) Sections(ctx context.Context, target asteriskconf.Target) ([]asteriskconf.Section, error) {
	var sections []asteriskconf.Section
	err := s.store.EachUser(ctx, func(u *User) error {
		if u.Disabled {
			return nil
		}
		section, err := u.section(target.Version)
		if err != nil {
			return fmt.Errorf("%s %s: %w", kind, u.Name, err)
		}
		sections = append(sections, section)
		return nil
	})
	return sections, err
}

// Taken says where name is used by an account written by hand, such as
// "manager.conf:12", or "". It is what [Options.Taken] wants; conf is the
// configuration folder.
func Taken(dir string) func(ctx context.Context, name string) (string, error) {
	return func(_ context.Context, name string) (string, error) {
		tree, err := asteriskconf.ParseFile(dir, "manager.conf", nil)
		if err != nil {
			return "", err
		}
		for _, section := range tree.Sections {
			ours := strings.HasSuffix("/"+section.File, "/"+FileName)
			if !ours && FoldName(section.Name) == FoldName(name) {
				return fmt.Sprintf("%s:%d", section.File, section.Line), nil
			}
		}
		return "", nil
	}
}

// Verify asks the running Asterisk which accounts it has, and for each changed
// one everything that it shows: privileges, addresses, displayconnects,
// allowmultiplelogin. Where it can, it proves the new secrets by logging in.
// Write timeouts and event filters Asterisk shows nobody.
func (s *Source) Verify(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	if err := verifyNames(ctx, asterisk, change); err != nil {
		return err
	}
	for _, altered := range change.Sections {
		if altered.After == nil {
			continue
		}
		if err := verifyUser(ctx, asterisk, altered.After); err != nil {
			return err
		}
	}
	return s.verifySecrets(ctx, change)
}

// verifyNames checks that every account is there, and that none is that was
// taken away.
func verifyNames(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	lines, err := asterisk.Command(ctx, "manager show users")
	if err != nil {
		return err
	}
	live := make(map[string]bool, len(lines))
	for _, line := range lines {
		live[FoldName(strings.TrimSpace(line))] = true
	}
	wanted := make(map[string]bool, len(change.After))
	for _, section := range change.After {
		wanted[FoldName(section.Name)] = true
		if !live[FoldName(section.Name)] {
			return mismatch(section.Name, "Asterisk does not know it; its log says why")
		}
	}
	for _, section := range slices.Concat(change.Before, change.Live) {
		if name := FoldName(section.Name); live[name] && !wanted[name] {
			return mismatch(section.Name, "Asterisk still has it")
		}
	}
	return nil
}

func mismatch(name, difference string) error {
	return &asteriskconf.MismatchError{What: kind + " " + name, Difference: difference}
}

// verifyUser compares one account with what "manager show user" prints.
func verifyUser(ctx context.Context, asterisk asteriskconf.Asterisk, section *asteriskconf.Section) error {
	lines, err := asterisk.Command(ctx, "manager show user "+section.Name)
	if err != nil {
		return err
	}
	shown := parseShown(lines)
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
		if got := shown.fields[key.shown]; got != want {
			return mismatch(section.Name, fmt.Sprintf("%s is %s, not %s", key.written, got, want))
		}
	}
	if shown.fields["secret"] != "<Set>" {
		return mismatch(section.Name, "it has no secret")
	}
	if want := writtenRules(section); !slices.Equal(shown.rules, want) {
		return mismatch(section.Name, fmt.Sprintf("its addresses are %s, not %s", shown.rules, want))
	}
	if acl, _ := section.Value("acl"); shown.namedACL != acl {
		return mismatch(section.Name, "the named access list differs")
	}
	return nil
}

// writtenRules returns the deny and permit lines of a section in order.
func writtenRules(section *asteriskconf.Section) []string {
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
// admit the address that we come from; only on this host is that for certain
// the one that Asterisk sees. An account that is logged in already, and allows
// one session only, cannot be tried.
func (s *Source) verifySecrets(ctx context.Context, change *asteriskconf.Change) error {
	if s.opts.Address == "" {
		return nil
	}
	from, err := localAddress(ctx, s.opts.Address)
	if err != nil || !from.IsLoopback() {
		return err
	}
	tried := 0
	for _, altered := range change.Sections {
		if altered.After == nil || !newSecret(altered) || !admits(altered.After, from) {
			continue
		}
		if tried++; tried > maxLogins {
			return nil
		}
		secret, _ := altered.After.Value("secret")
		_, err := ami.TestLogin(ctx, s.opts.Address, &ami.Options{
			Username: altered.Name, Secret: store.NewSecret(secret), TLS: s.opts.TLS,
		})
		if errors.Is(err, ami.ErrAuthentication) {
			return mismatch(altered.Name, "Asterisk refuses a login with its secret")
		}
		if err != nil && !errors.Is(err, ami.ErrLoginInUse) {
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

func newSecret(change asteriskconf.SectionChange) bool {
	if change.Before == nil {
		return true
	}
	before, _ := change.Before.Value("secret")
	after, _ := change.After.Value("secret")
	return before != after
}

// admits reports whether the account lets addr log in for certain: a named
// access list is Asterisk's to judge.
func admits(section *asteriskconf.Section, addr netip.Addr) bool {
	if _, named := section.Value("acl"); named {
		return false
	}
	var u User
	for _, line := range section.Lines {
		n, err := ParseNetwork(line.Value)
		switch {
		case err != nil:
		case line.Key == "deny":
			u.Deny = append(u.Deny, n)
		case line.Key == "permit":
			u.Permit = append(u.Permit, n)
		}
	}
	return u.admits(addr)
}
