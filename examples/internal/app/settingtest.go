package app

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
)

// isEmpty reports whether there are no changes.
func isEmpty(changes settings.Changes) bool { return len(changes.Set)+len(changes.Reset) == 0 }

// TestMail sends a test mail with the settings after changes, which are not saved. See
// [App.Candidate] for its errors.
func (s *App) TestMail(ctx context.Context, changes settings.Changes, to string) (*userman.Delivery, error) {
	if isEmpty(changes) {
		return s.Users.Mails().SendTest(ctx, to) // after which waiting mails are sent
	}
	candidate, err := s.Candidate(ctx, changes)
	if err != nil {
		return nil, err
	}
	users, err := candidate.userOptions(s.log)
	if err != nil {
		return nil, err
	}
	return s.Users.Mails().SendTestWith(ctx, users, to)
}

// previewSize is the number of entries of a [DirectoryTest].
const previewSize = 10

// DirectoryTest is the result of the test of a directory.
type DirectoryTest struct {
	// Problem says why the directory cannot be used, with a hint; empty on success.
	Problem string `json:"problem"`
	// Entries are up to ten users of the directory.
	Entries []PreviewEntry `json:"entries"`
}

// PreviewEntry is a user of a directory.
type PreviewEntry struct {
	Username  string   `json:"username"`
	Name      string   `json:"name"`
	Email     string   `json:"email"`
	Extension string   `json:"extension"`
	Groups    []string `json:"groups"`
	Disabled  bool     `json:"disabled"`
	// Problem says why the entry cannot be used.
	Problem string `json:"problem"`
}

// TestDirectory reads a few users of the directory of the settings after changes, which
// are not saved. See [App.Candidate] for its errors, and [userman.Directories.Default].
func (s *App) TestDirectory(ctx context.Context, changes settings.Changes) (*DirectoryTest, error) {
	directories := s.Users.Directories()
	if !isEmpty(changes) {
		candidate, err := s.Candidate(ctx, changes)
		if err != nil {
			return nil, err
		}
		if directories, err = candidate.LDAP.directories(s.log); err != nil {
			return nil, err
		}
	}
	directory, err := directories.Default()
	if err != nil {
		return nil, err
	}
	result := &DirectoryTest{Entries: []PreviewEntry{}}
	if result.Problem, err = checkDirectory(ctx, directories, directory.Name()); err != nil || result.Problem != "" {
		return result, err
	}
	entries, err := directories.Preview(ctx, directory.Name(), previewSize)
	if failure, failed := errors.AsType[*userman.DirectoryError](err); failed {
		result.Problem = directoryProblem(failure)
		return result, nil
	}
	for _, e := range entries {
		result.Entries = append(result.Entries, newPreviewEntry(e))
	}
	return result, err
}

func newPreviewEntry(e userman.DirectoryEntry) PreviewEntry {
	p := PreviewEntry{Groups: append([]string{}, e.Groups...), Problem: e.Problem}
	if u := e.User; u != nil {
		p.Username, p.Name, p.Email, p.Extension, p.Disabled = u.Username, u.Name(), u.Email, u.DefaultExtension, u.Disabled
	}
	return p
}

// TestAsterisk logs in to Asterisk with the settings after changes, which are not saved.
// See [App.Candidate] for its errors. A failed login is a result, not an error.
func (s *App) TestAsterisk(ctx context.Context, changes settings.Changes) (*Connection, error) {
	candidate, err := s.Candidate(ctx, changes)
	if err != nil {
		return nil, err
	}
	return checkConnection(ctx, candidate, candidate.newHost(s.AMIAccounts, s.DB.AMIAccounts(), asterisk.Options{DatabaseID: s.databaseID, Audit: s.AuditLog, Logger: s.log}))
}

// SettingView is a setting for programs.
type SettingView struct {
	Name    string `json:"name"`
	Section string `json:"section"`
	Label   string `json:"label"`
	// Value is a text, a list, true or false, or a number. It is null for a secret, of
	// which HasSecret says that there is one.
	Value     any  `json:"value"`
	Secret    bool `json:"secret"`
	HasSecret bool `json:"has_secret"`
	// Source is "flag", "environment", "file", "locked", "saved" or "default", and
	// SourceName the flag, the variable or the file.
	Source     string `json:"source"`
	SourceName string `json:"source_name"`
	Editable   bool   `json:"editable"`
}

// View returns the setting for programs.
func (s Setting) View() SettingView {
	view := SettingView{
		Name: s.Name, Section: s.Section, Label: s.Label, Secret: s.Secret, HasSecret: s.HasSecret,
		Source: cmp.Or(s.Source.Kind, SourceDefault), SourceName: s.Source.Name, Editable: s.Editable(),
	}
	if !s.Secret {
		view.Value = s.Value.Any()
	}
	return view
}

// FindSetting returns the setting of a name, which may have dashes as its flag, and the
// revision for [App.SaveSettings]. It returns a [store.NotFoundError] if there is none.
func (s *App) FindSetting(ctx context.Context, name string) (*Setting, int64, error) {
	all, revision, err := s.AllSettings(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, setting := range all {
		if setting.Name == strings.ReplaceAll(name, "-", "_") {
			return &setting, revision, nil
		}
	}
	return nil, 0, &store.NotFoundError{Kind: KindSetting}
}

// KindSetting is the kind of a setting in errors.
const KindSetting = "setting"
