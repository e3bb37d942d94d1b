package app

import (
	"context"
	"errors"
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
	users, err := s.Users.CountByDirectory(ctx)
	if err != nil {
		return nil, err
	}
	states := []DirectoryState{}
	for _, directory := range s.Users.Directories() {
		name := directory.Name()
		state := DirectoryState{Name: name, Attributes: map[string]string{}, Capabilities: directory.Capabilities(), Users: users[name]}
		if ldap, ok := directory.(*ldapdir.Directory); ok {
			state.setOptions(ldap.Options())
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

// SyncOptions returns the options of a sync.
func (s *Settings) SyncOptions() *userman.SyncOptions {
	opts := s.LDAP.Sync
	return &opts
}

// CheckDirectory connects to a directory and binds. problem describes a failure,
// with a hint; it is empty on success. It returns the other errors of
// [userman.Directories.Test].
func (s *App) CheckDirectory(ctx context.Context, name string) (problem string, err error) {
	return checkDirectory(ctx, s.Users.Directories(), name)
}

func checkDirectory(ctx context.Context, directories userman.Directories, name string) (problem string, err error) {
	err = directories.Test(ctx, name)
	failure, failed := errors.AsType[*userman.DirectoryError](err)
	if !failed {
		return "", err
	}
	return directoryProblem(failure), nil
}

// directoryProblem describes why a directory cannot be used.
func directoryProblem(failure *userman.DirectoryError) string {
	if errors.Is(failure, userman.ErrNoUsers) {
		return "The directory contains no users. Check the base DN and the filter."
	}
	return "The directory could not be read: " + strings.ReplaceAll(failure.Err.Error(), "ldapdir: ", "") + ". " + directoryHint
}

// directoryHint is the hint for a directory that cannot be read.
const directoryHint = "Check the servers, the bind DN and its password."
