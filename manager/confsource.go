package manager

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// ConfSource renders the AMI accounts of a store into pbxusers_manager.conf, and
// proves them live. It is an [asteriskconf.Source].
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

// ConfSourceOptions are what a [ConfSource] may be given beside its store.
type ConfSourceOptions struct {
	// Address is the host and port of AMI. When that is on this host, an
	// apply proves the secrets of changed accounts, which Asterisk shows
	// nobody, by logging in with them, as far as an account admits this host.
	// Defaults to none: secrets are then checked in the file only.
	Address string
	// TLS makes these logins use TLS. Defaults to plain TCP.
	TLS *tls.Config
	// ApplyAccount is the account that the configuration is applied with. An
	// apply or a roll back that would take it from Asterisk, or take from it
	// what an apply needs, is refused: nothing could be verified or undone
	// any more. Defaults to none.
	ApplyAccount string
}

// NewConfSource returns a source over st.
func NewConfSource(st Store, opts *ConfSourceOptions) *ConfSource {
	s := &ConfSource{store: st}
	if opts != nil {
		s.opts = *opts
	}
	return s
}

// FileName is the file that a [ConfSource] owns.
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

// Sections renders every account that is not disabled, in the order of names.
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

// NameInConfig says where name is used by an account written by hand, such as
// "manager.conf:12", or "". It is what [Options.NameInUse] wants; conf is the
// configuration folder.
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
