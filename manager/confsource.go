package manager

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// ConfSource renders the AMI accounts of a store into pbxusers_manager.conf and
// verifies them. It implements [asteriskconf.Source].
type ConfSource struct {
	store Store
	opts  ConfSourceOptions
}

var (
	_ asteriskconf.Source        = (*ConfSource)(nil)
	_ asteriskconf.Revoker       = (*ConfSource)(nil)
	_ asteriskconf.Inspector     = (*ConfSource)(nil)
	_ asteriskconf.ChangeChecker = (*ConfSource)(nil)
)

// ConfSourceOptions are the options of [NewConfSource].
type ConfSourceOptions struct {
	// Address is the host and port of AMI. If it is on this host, an apply
	// verifies changed secrets by logging in, if the account permits this host.
	// Asterisk does not show secrets. Default none: secrets are then verified
	// in the file only.
	Address string
	// TLS enables TLS for these logins. Default plain TCP.
	TLS *tls.Config
	// ApplyAccount is the account that applies the configuration. An apply or
	// rollback that would remove it, or a right that it needs, fails: nothing
	// could be verified or rolled back afterwards. Default none.
	ApplyAccount string
}

// NewConfSource returns a source for the accounts of st. nil options mean the
// defaults.
func NewConfSource(st Store, opts *ConfSourceOptions) *ConfSource {
	s := &ConfSource{store: st}
	if opts != nil {
		s.opts = *opts
	}
	return s
}

// FileName is the file of a [ConfSource].
const FileName = "pbxusers_manager.conf"

// File describes pbxusers_manager.conf.
func (s *ConfSource) File() asteriskconf.File {
	return asteriskconf.File{
		Name:           FileName,
		Parent:         "manager.conf",
		Module:         "manager",
		SecretKeys:     []string{"secret"},
		UniqueSections: true,
	}
}

// Sections renders every account that is not disabled, sorted by name.
func (s *ConfSource) Sections(ctx context.Context, target asteriskconf.Target) ([]dialect.Section, error) {
	var sections []dialect.Section
	err := s.store.EachAccount(ctx, func(a *Account) error {
		if a.Disabled {
			return nil
		}
		section, err := a.section(target.Version)
		if err != nil {
			return fmt.Errorf("%s %s: %w", kind, a.Name, err)
		}
		sections = append(sections, section)
		return nil
	})
	return sections, err
}

// NameInConfig returns a function for [Options.NameInUse]. It returns the
// position of an account in the configuration folder dir that is not ours, such
// as "manager.conf:12", or "".
func NameInConfig(dir string) func(ctx context.Context, name string) (string, error) {
	return func(_ context.Context, name string) (string, error) {
		tree, err := dialect.ParseFile(dir, "manager.conf", nil)
		if err != nil {
			return "", err
		}
		for _, section := range tree.Sections {
			managed := strings.HasSuffix("/"+section.File, "/"+FileName)
			if !managed && FoldName(section.Name) == FoldName(name) {
				return fmt.Sprintf("%s:%d", section.File, section.Line), nil
			}
		}
		return "", nil
	}
}
