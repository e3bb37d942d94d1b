package manager

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
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

const managerConf = "manager.conf"

// File describes pbxusers_manager.conf.
func (s *ConfSource) File() asteriskconf.File {
	return asteriskconf.File{
		Name:           FileName,
		Parent:         managerConf,
		Module:         "manager",
		RecordKind:     kind,
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

// ConfigError means that the accounts in the configuration folder of Asterisk cannot be
// read. It matches [store.ErrConflict].
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string {
	return "the configuration folder of Asterisk cannot be read: " + e.Err.Error() + "; correct the folder or its permissions, and try again"
}

func (e *ConfigError) Unwrap() error { return e.Err }

// Is reports whether target is [store.ErrConflict].
func (e *ConfigError) Is(target error) bool { return target == store.ErrConflict }

// NameInConfig returns a function for [Options.NameInUse]. It returns the
// position of an account in the configuration folder dir that is not ours, such
// as "manager.conf:12", or "".
func NameInConfig(dir string) func(ctx context.Context, name string) (string, error) {
	return func(_ context.Context, name string) (string, error) {
		section, err := findManualAccount(dir, name)
		if section == nil {
			return "", err
		}
		return fmt.Sprintf("%s:%d", section.File, section.Line), nil
	}
}

// NameInAsterisk returns a function for [Options.NameInUse] that checks the
// configuration folder dir like [NameInConfig]. If the folder has an #exec line, it also
// asks the running Asterisk, by command, for accounts that no file has. It ignores an
// Asterisk that does not answer: an apply asks again.
func NameInAsterisk(dir string, command asteriskconf.CommandFunc) func(ctx context.Context, name string) (string, error) {
	inConfig := NameInConfig(dir)
	return func(ctx context.Context, name string) (string, error) {
		if location, err := inConfig(ctx, name); location != "" || err != nil {
			return location, err
		}
		tree, err := dialect.ParseFile(dir, managerConf, nil)
		if err != nil {
			return "", err
		}
		exec := findExec(tree)
		if exec == nil || findSection(tree.ResolvedSections(), name) != nil {
			return "", nil
		}
		if live, err := liveNames(ctx, command); err == nil && live[FoldName(name)] {
			return fmt.Sprintf("in the running Asterisk; a program may print it at %s:%d", exec.File, exec.Line), nil
		}
		return "", nil
	}
}

// findManualAccount returns the section of an account in the configuration folder
// dir that is not ours; nil if there is none.
func findManualAccount(dir, name string) (*dialect.ParsedSection, error) {
	tree, err := dialect.ParseFile(dir, managerConf, nil)
	if err != nil {
		return nil, err
	}
	for i, section := range tree.Sections {
		managed := strings.HasSuffix("/"+section.File, "/"+FileName)
		if !managed && FoldName(section.Name) == FoldName(name) {
			return &tree.Sections[i], nil
		}
	}
	for _, section := range usersConfAccounts(dir) {
		if FoldName(section.Name) == FoldName(name) {
			return &section, nil
		}
	}
	return nil, nil
}

// NamedACLs returns the names of the lists in acl.conf of the configuration folder dir.
// It returns none if the file is missing or invalid.
func NamedACLs(dir string) []string {
	tree, err := dialect.ParseFile(dir, "acl.conf", nil)
	if err != nil {
		return nil
	}
	var names []string
	for _, section := range tree.Sections {
		if !section.Template && FoldName(section.Name) != "general" {
			names = append(names, section.Name)
		}
	}
	return names
}

// CanManualAccountApply reports whether the configuration folder dir has an account
// of this name that is not ours, and so can be the one that applies. It returns an
// error wrapping [store.ErrConflict] if that account lacks a class that an apply
// needs.
func CanManualAccountApply(dir, name string) (bool, error) {
	section, err := findManualAccount(dir, name)
	if section == nil {
		return false, err
	}
	value, _ := section.Value("write")
	write, _ := ParsePrivileges(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })...)
	if missing := applyPrivileges &^ write; missing != 0 {
		return false, &store.ConflictError{Reason: fmt.Sprintf(
			"the AMI account at %s:%d cannot apply: it lacks %s in write; add these classes there, or apply with another account",
			section.File, section.Line, strings.Join(missing.Names(), ", "))}
	}
	return true, nil
}
