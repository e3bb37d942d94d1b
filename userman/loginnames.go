package userman

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// KindLoginNames is the kind of [LoginFields] in the audit log.
const KindLoginNames = "login names"

// LoginFields are the fields of users that are login names, in addition to the
// username.
type LoginFields struct {
	Email            bool `json:"email,omitempty"`
	DefaultExtension bool `json:"default_extension,omitempty"`
}

// IsZero reports whether the username is the only login name.
func (f LoginFields) IsZero() bool { return f == LoginFields{} }

// LoginName is a name that a user logs in with.
type LoginName struct {
	// Field is the JSON name of the field that holds the name.
	Field string
	// Folded is the [FoldLoginName] of its value.
	Folded string
}

// FoldLoginName returns the folded form of a username, an email or an extension. Login
// names are unique in this form. It ignores case, and whether an internationalized
// domain is written in its ASCII form (xn--).
func FoldLoginName(name string) string { return username.FoldLogin(name) }

// LoginNames returns the login names of u: the username first, and each name once. It
// returns none for a deleted user. It also returns none if the username is the only
// login name, because usernames are unique anyway.
func (f LoginFields) LoginNames(u *User) []LoginName {
	if f.IsZero() || !u.DeletedAt.IsZero() {
		return nil
	}
	names := []LoginName{{fieldUsername, FoldLoginName(u.Username)}}
	add := func(field, value string) {
		name := LoginName{field, FoldLoginName(value)}
		if name.Folded != "" && !slices.ContainsFunc(names, func(n LoginName) bool { return n.Folded == name.Folded }) {
			names = append(names, name)
		}
	}
	if f.Email {
		add(fieldEmail, u.Email)
	}
	if f.DefaultExtension {
		add(fieldDefaultExtension, u.DefaultExtension)
	}
	return names
}

// loginFields are the fields of the options.
func (s *Service) loginFields() LoginFields {
	return LoginFields{Email: s.opts().LoginByEmail, DefaultExtension: s.opts().LoginByExtension}
}

// LoginNames keeps the login names of the users of a team unique.
type LoginNames struct{ service *Service }

// LoginNames returns the login names of the users.
func (s *Service) LoginNames() LoginNames { return LoginNames{s} }

// DuplicateLoginName is a login name of several users.
type DuplicateLoginName struct {
	// Name is in the form of [FoldLoginName].
	Name string `json:"name"`
	// Owners are sorted by username.
	Owners []LoginNameOwner `json:"owners"`
}

// LoginNameOwner is a user with a login name.
type LoginNameOwner struct {
	Username string `json:"username"`
	// Field is the JSON name of the field that holds the name.
	Field string `json:"field"`
}

// Apply makes the fields of [Options].LoginByEmail and LoginByExtension login names,
// and only these. From then on, no two users of the team can have the same login name,
// in any of these fields and in any process that uses the store. Call Apply when the
// product starts, before it serves logins: until then, users cannot log in by email or
// extension.
//
// If several users share a login name, Apply changes nothing and returns a
// [store.ConflictError]. [LoginNames.Duplicates] lists these users.
func (l LoginNames) Apply(ctx context.Context) error {
	s, fields := l.service, l.service.loginFields()
	if current, err := s.store.LoginFields(ctx); err != nil || current == fields {
		return err
	}
	intent := audit.Event{Action: "set login names", Kind: KindLoginNames, Key: s.loginNamesKey()}
	return s.audit.Do(ctx, s.store, intent, func(ctx context.Context, r *audit.Recorder) error {
		if err := s.requireUnscoped(ctx); err != nil {
			return err
		}
		before, err := s.store.LoginFields(ctx)
		if err != nil || before == fields {
			return err
		}
		if err := l.requireUnique(ctx); err != nil {
			return err
		}
		if err := s.store.SetLoginFields(ctx, fields); err != nil {
			return err
		}
		event := r.Intent
		event.Before, event.PriorState = loginFieldsEvent(before)
		event.After, event.State = loginFieldsEvent(fields)
		return r.Record(ctx, event)
	})
}

// loginNamesKey is the audit key of the login fields of the team.
func (s *Service) loginNamesKey() string { return s.auditName("users") }

// loginFieldsEvent returns the record and the state of an [audit.Event]; nothing if the
// username is the only login name.
func loginFieldsEvent(fields LoginFields) (record any, state []byte) {
	if fields.IsZero() {
		return nil, nil
	}
	return fields, audit.MarshalState(fields)
}

// eachLoginFields visits the login fields for the audit log.
func (s *Service) eachLoginFields(ctx context.Context, visit visitState) error {
	fields, err := s.store.LoginFields(ctx)
	if err != nil || fields.IsZero() {
		return err
	}
	return visit(s.loginNamesKey(), audit.MarshalState(fields))
}

// requireUnique returns a [store.ConflictError] if several users share a login name.
func (l LoginNames) requireUnique(ctx context.Context) error {
	duplicates, err := l.Duplicates(ctx)
	if err != nil || len(duplicates) == 0 {
		return err
	}
	first := duplicates[0].Owners
	return &store.ConflictError{Reason: fmt.Sprintf(
		"several users share a login name, so login by email or extension cannot be switched on; change the %s of %s or the %s of %s (shared names: %d)",
		first[0].Field, first[0].Username, first[1].Field, first[1].Username, len(duplicates),
	)}
}

// Duplicates returns the login names that several users share, sorted by name. Login
// names are the username, and the fields of [Options].LoginByEmail and
// LoginByExtension. Duplicates reads all users.
func (l LoginNames) Duplicates(ctx context.Context) ([]DuplicateLoginName, error) {
	s := l.service
	if err := s.requireUnscoped(ctx); err != nil {
		return nil, err
	}
	owners := map[string][]LoginNameOwner{}
	err := s.store.EachUser(ctx, func(u *User) error {
		for _, name := range s.loginFields().LoginNames(u) {
			owners[name.Folded] = append(owners[name.Folded], LoginNameOwner{u.Username, name.Field})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	duplicates := []DuplicateLoginName{}
	for _, name := range slices.Sorted(maps.Keys(owners)) {
		if shared := owners[name]; len(shared) > 1 {
			slices.SortFunc(shared, func(a, b LoginNameOwner) int { return cmp.Compare(FoldUsername(a.Username), FoldUsername(b.Username)) })
			duplicates = append(duplicates, DuplicateLoginName{name, shared})
		}
	}
	return duplicates, nil
}
