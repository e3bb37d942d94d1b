package manager

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

// Source renders the AMI accounts of a store into pbxusers_manager.conf, and
// proves them live. It is an [asteriskconf.Source].
type Source struct {
	store Store
	opts  SourceOptions
}

var (
	_ asteriskconf.Source    = (*Source)(nil)
	_ asteriskconf.Revoker   = (*Source)(nil)
	_ asteriskconf.Inspector = (*Source)(nil)
	_ asteriskconf.Guard     = (*Source)(nil)
)

// SourceOptions are what a [Source] may be given beside its store.
type SourceOptions struct {
	// Address is the host and port of AMI. When that is on this host, an
	// apply proves the secrets of changed accounts, which Asterisk shows
	// nobody, by logging in with them, as far as an account admits this host.
	// Defaults to none: secrets are then checked in the file only.
	Address string
	// TLS makes these logins use TLS. Defaults to plain TCP.
	TLS *tls.Config
	// ApplyAs is the account that the configuration is applied with. An
	// apply or a roll back that would take it from Asterisk, or take from it
	// what an apply needs, is refused: nothing could be verified or undone
	// any more. Defaults to none.
	ApplyAs string
}

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
