package app

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// DirectoryState is a directory that people come from, as far as it may be
// shown.
type DirectoryState struct {
	Name         string               `json:"name"`
	URL          string               `json:"url"`
	BaseDN       string               `json:"base_dn"`
	Capabilities userman.Capabilities `json:"abilities"`
	// Users is how many people here are of it.
	Users int `json:"people"`
}

// Directories tells of the directories of the settings; none is an empty list.
func (s *App) Directories(ctx context.Context) ([]DirectoryState, error) {
	states := []DirectoryState{}
	for _, directory := range s.Users.Directories() {
		state := DirectoryState{Name: directory.Name(), Capabilities: directory.Capabilities()}
		if ldap := s.Settings.LDAP; len(ldap.urls()) > 0 && state.Name == ldap.name() {
			state.URL, state.BaseDN = ldap.url(), ldap.BaseDN
		}
		var err error
		if state.Users, err = s.countUsers(ctx, state.Name); err != nil {
			return nil, err
		}
		states = append(states, state)
	}
	return states, nil
}

// countUsers returns how many people here are of a directory.
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

// directoryTester is a directory that can be tried.
type directoryTester interface {
	Test(ctx context.Context) (people int, err error)
}

// CheckDirectory connects to a directory and binds; problem is one sentence with
// the way out, empty when all is well. The error is a [store.NotFoundError]
// when there is no such directory, or that of ctx.
func (s *App) CheckDirectory(ctx context.Context, name string) (problem string, err error) {
	directory, err := s.directory(name)
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
		return "The directory was read, and nobody was found in it. Look at --ldap-base-dn and --ldap-filter.", nil
	}
	return "", nil
}

// directoryHint is the way out when a directory cannot be read.
const directoryHint = "Look at the servers, and at --ldap-url, --ldap-bind-dn and what belongs to them."

// RequireDirectory returns a [store.NotFoundError] when there is no directory of
// that name.
func (s *App) RequireDirectory(name string) error {
	_, err := s.directory(name)
	return err
}

// directory returns a directory of the settings.
func (s *App) directory(name string) (userman.Directory, error) {
	for _, directory := range s.Users.Directories() {
		if directory.Name() == name {
			return directory, nil
		}
	}
	return nil, &store.NotFoundError{Kind: userman.KindDirectory}
}
