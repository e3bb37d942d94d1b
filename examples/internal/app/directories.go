package app

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// DirectoryState describes a directory that users come from.
type DirectoryState struct {
	Name string `json:"name"`
	// These are the options of an LDAP directory. Attributes map the fields of users to
	// attributes.
	Kind         ldapdir.Kind      `json:"kind"`
	URL          string            `json:"url"`
	BaseDN       string            `json:"base_dn"`
	Filter       string            `json:"filter"`
	ExternalID   string            `json:"external_id"`
	Attributes   map[string]string `json:"attributes"`
	GroupBaseDN  string            `json:"group_base_dn"`
	GroupFilter  string            `json:"group_filter"`
	NestedGroups bool              `json:"nested_groups"`

	Capabilities userman.Capabilities `json:"capabilities"`
	// Users is the number of its users.
	Users int `json:"users"`
}

// Directories returns the directories of the settings.
func (s *App) Directories(ctx context.Context) ([]DirectoryState, error) {
	states := []DirectoryState{}
	for _, directory := range s.Users.Directories() {
		state := DirectoryState{Name: directory.Name(), Attributes: map[string]string{}, Capabilities: directory.Capabilities()}
		if ldap, ok := directory.(*ldapdir.Directory); ok {
			state.setOptions(ldap.Options())
		}
		var err error
		if state.Users, err = s.countUsers(ctx, state.Name); err != nil {
			return nil, err
		}
		states = append(states, state)
	}
	return states, nil
}

// setOptions sets the options of an LDAP directory.
func (d *DirectoryState) setOptions(o ldapdir.Options) {
	d.Kind, d.URL, d.BaseDN, d.Filter = o.Kind, strings.Join(o.URLs, " "), o.BaseDN, o.Filter
	d.ExternalID, d.Attributes = o.ExternalID, o.Attributes
	if o.GroupBaseDN != "" {
		d.GroupBaseDN, d.GroupFilter, d.NestedGroups = o.GroupBaseDN, o.GroupFilter, o.NestedGroups
	}
}

// AuthorizeDirectories returns an error wrapping [store.ErrForbidden] if the scope of an
// administrator is limited: a directory concerns all of its users. The audit log
// records the denial.
func (s *App) AuthorizeDirectories(ctx context.Context, a *ampusers.Administrator) error {
	if a.Scope("").IsUnrestricted() {
		return nil
	}
	err := &store.ForbiddenError{Reason: "a directory contains users outside your scope; ask an unrestricted administrator"}
	s.AuditLog.RecordFailure(ctx, audit.Event{Action: "access", Kind: userman.KindDirectory}, err)
	return err
}

// countUsers returns the number of users of a directory.
func (s *App) countUsers(ctx context.Context, directory string) (count int, err error) {
	query := userman.Query{Directory: &directory, PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}
	for {
		page, err := s.Users.List(ctx, query)
		if err != nil {
			return 0, err
		}
		count += len(page.Items)
		if query.After = page.Next; query.After == "" {
			return count, nil
		}
	}
}

// SyncOptions returns the options of a sync.
func (s *Settings) SyncOptions() *userman.SyncOptions {
	opts := s.LDAP.Sync
	return &opts
}

// directoryTester is a directory with a connection test.
type directoryTester interface {
	Test(ctx context.Context) (users int, err error)
}

// CheckDirectory connects to a directory and binds. problem describes a failure,
// with a hint; it is empty on success. It returns a [store.NotFoundError] if there
// is no such directory, or the error of ctx.
func (s *App) CheckDirectory(ctx context.Context, name string) (problem string, err error) {
	directory, err := s.Users.Directories().Get(name)
	if err != nil {
		return "", err
	}
	tested, ok := directory.(directoryTester)
	if !ok {
		return "", nil
	}
	count, err := tested.Test(ctx)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "The directory could not be read: " + strings.TrimPrefix(err.Error(), "ldapdir: ") + ". " + directoryHint, nil
	case count == 0:
		return "The directory contains no users. Check --ldap-base-dn and --ldap-filter.", nil
	}
	return "", nil
}

// directoryHint is the hint for a directory that cannot be read.
const directoryHint = "Check the servers, --ldap-url, --ldap-bind-dn and the related settings."
