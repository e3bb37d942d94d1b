package userman

import (
	"context"
	"errors"
	"strings"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// records is how people log in.
type records struct{ service *Service }

// newDesk returns where people log in.
func (s *Service) newDesk() *login.Desk {
	return login.New(login.Options{
		Kind: PersonRecord, Actor: audit.Person, Records: records{s},
		Hasher: s.hasher, Throttle: s.throttle, Trail: s.trail,
		Clock: s.opts.Clock, Random: s.opts.Random, Log: s.opts.Logger,
		DisabledMessage: "your account is disabled; ask your administrator to enable it",
	})
}

// Atomically implements [store.Transactor].
func (r records) Atomically(ctx context.Context, fn func(ctx context.Context) error) error {
	return r.service.store.Atomically(ctx, fn)
}

// Typed implements [login.Records].
func (r records) Typed(ctx context.Context, typed string) (*login.Account, error) {
	u, err := r.service.typed(ctx, typed)
	if err != nil {
		return nil, err
	}
	return r.service.accountOf(u), nil
}

// Now implements [login.Records].
func (r records) Now(ctx context.Context, id string) (*login.Account, error) {
	u, err := r.service.findByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.service.accountOf(u), nil
}

// Keep implements [login.Records]. A login is no change of the record that is
// worth a new UpdatedAt.
func (r records) Keep(ctx context.Context, action string, after *login.Account) error {
	event := audit.Event{Action: action, Kind: PersonRecord, Key: after.Name}
	err := r.service.store.UpdateUser(ctx, after.ID, func(u *User) error {
		event.SealedBefore = sealed(u)
		u.Credentials, u.LastLoginAt = after.Credentials.Clone(), after.LastLoginAt
		event.Sealed = sealed(u)
		return nil
	})
	if err != nil {
		return err
	}
	return r.service.trail.Record(ctx, event)
}

// accountOf returns what a login reads of u.
func (s *Service) accountOf(u *User) *login.Account {
	a := &login.Account{
		ID: u.ID, Name: s.inTeam(u.Username), Disabled: u.Disabled, Generation: u.SessionGeneration,
		Credentials: u.Credentials, LastLoginAt: u.LastLoginAt,
	}
	if s.elsewhere(u) {
		a.Check = func(ctx context.Context, password store.Secret) (bool, error) {
			return s.checkElsewhere(ctx, u, password)
		}
	}
	return a
}

// maxTyped bounds, in bytes, what is looked at of what somebody typed to say
// who they are.
const maxTyped = 4 * MaxEmailLength

// typed returns who is meant by what somebody typed as a username, as the store
// keeps them: the person of that username, or, when [Options] say so, the only
// one with that primary email, or the one with that default extension. All of
// it is looked up, whoever is found first, so that the time does not tell. Who
// is out of reach is a [store.ForbiddenError].
func (s *Service) typed(ctx context.Context, typed string) (*User, error) {
	if len(typed) > maxTyped {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	typed = loginname.Normalise(typed)
	var meant *User
	for _, find := range s.lookups() {
		u, err := find(ctx, typed)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		case meant == nil:
			meant = u
		}
	}
	if meant == nil {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	return s.within(meant, nil)
}

type lookup func(ctx context.Context, typed string) (*User, error)

// lookups returns the ways in which somebody may say who they are, in the order
// in which they count.
func (s *Service) lookups() []lookup {
	ways := []lookup{s.withUsername}
	if s.opts.LoginByEmail {
		ways = append(ways, s.withEmail)
	}
	if s.opts.LoginByExtension {
		ways = append(ways, s.withExtension)
	}
	return ways
}

func (s *Service) withUsername(ctx context.Context, typed string) (*User, error) {
	if !loginname.Valid(typed) {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	return s.store.FindUser(ctx, UserKey{Username: typed})
}

// withEmail returns the one person of that primary email; that of several
// people is nobody's, or one of them could be let in as another.
func (s *Service) withEmail(ctx context.Context, typed string) (*User, error) {
	if !strings.Contains(typed, "@") {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	list, err := s.store.ListUsers(ctx, Query{Email: typed, Page: store.Page{Limit: 2}})
	if err != nil {
		return nil, err
	}
	if len(list.Items) != 1 {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	return list.Items[0], nil
}

func (s *Service) withExtension(ctx context.Context, typed string) (*User, error) {
	if !extensionPattern.MatchString(typed) {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	return s.store.FindUser(ctx, UserKey{DefaultExtension: typed})
}
