package userman

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// loginAccounts gives package auth the accounts of the users.
type loginAccounts struct{ service *Service }

// newAuthenticator returns the authenticator of the users.
func (s *Service) newAuthenticator() *auth.Authenticator {
	o := s.opts()
	return auth.New(auth.Options{
		Kind: KindUser, ActorKind: audit.User, Accounts: loginAccounts{s}, Pending: o.TTLStore,
		Issuer: func() string { return s.opts().Product }, Policy: s.passwordPolicy, RejectCurrentPassword: true,
		Hasher:  passwords.NewHasher(&passwords.Options{Params: passwords.Params(o.Argon2), Concurrency: o.MaxConcurrentHashes, Random: o.Random}),
		Limiter: ratelimit.New(&ratelimit.Options{Clock: o.Clock}), Audit: s.audit, Clock: o.Clock, Random: o.Random, Logger: o.Logger,
		DisabledMessage: "your account is disabled; ask your administrator to enable it",
	})
}

// passwordPolicy returns the present policy.
func (s *Service) passwordPolicy() passwords.Policy {
	o := s.opts()
	return passwords.Policy{MinLength: o.MinPasswordLength, MinScore: o.MinPasswordScore, Words: []string{o.Product}}
}

// RunInTx implements [store.Transactor].
func (r loginAccounts) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return r.service.store.RunInTx(ctx, fn)
}

// Lookup implements [auth.Accounts].
func (r loginAccounts) Lookup(ctx context.Context, name string) (*auth.Account, error) {
	u, err := r.service.resolveLogin(ctx, name)
	if err != nil {
		return nil, err
	}
	return r.service.loginAccount(u), nil
}

// Reload implements [auth.Accounts].
func (r loginAccounts) Reload(ctx context.Context, id string) (*auth.Account, error) {
	u, err := r.service.findByID(ctx, store.UserID(id))
	if err != nil {
		return nil, err
	}
	return r.service.loginAccount(u), nil
}

// Save implements [auth.Accounts]. A login does not set UpdatedAt.
func (r loginAccounts) Save(ctx context.Context, action string, after *auth.Account) error {
	event := audit.Event{Action: action, Kind: KindUser, Key: after.Name}
	err := r.service.store.UpdateUser(ctx, store.UserID(after.ID), func(u *User) error {
		event.PriorState, event.Extensions = auditState(u), u.Extensions()
		u.Credentials, u.LastLoginAt = after.Credentials.Clone(), after.LastLoginAt
		event.State = auditState(u)
		return nil
	})
	if err != nil {
		return err
	}
	return r.service.audit.Record(ctx, event)
}

// loginAccount returns the fields of u that a login needs.
func (s *Service) loginAccount(u *User) *auth.Account {
	a := &auth.Account{
		ID: string(u.ID), Name: s.auditName(u.Username), Username: u.Username, Extensions: u.Extensions(), Words: u.passwordWords(), Disabled: u.Disabled,
		SessionEpoch: u.SessionEpoch, Credentials: u.Credentials, PasswordChangedAt: u.PasswordChangedAt, LastLoginAt: u.LastLoginAt,
	}
	if s.passwordIsExternal(u) {
		a.VerifyExternal = func(ctx context.Context, password store.Secret) (bool, error) {
			return s.verifyExternally(ctx, u, password)
		}
	}
	return a
}

// passwordWords returns words that must not make up a password of u.
func (u *User) passwordWords() []string {
	return []string{u.Username, u.FirstName, u.LastName, u.DisplayName, u.Email, u.DefaultExtension}
}

// maxLoginLength is the length in bytes of the longest login name.
const maxLoginLength = 4 * MaxEmailLength

// resolveLogin returns the stored user with this login name: the username or, if
// [Options] allow it, the primary email or the default extension. It always runs all
// lookups, so its duration does not show a match. For a user out of scope it returns an
// error wrapping ErrForbidden.
func (s *Service) resolveLogin(ctx context.Context, name string) (*User, error) {
	if len(name) > maxLoginLength {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	name = username.Normalize(name)
	var found *User
	for _, find := range s.loginResolvers() {
		u, err := find(ctx, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		case found == nil:
			found = u
		}
	}
	if found == nil {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return s.requireInScope(ctx)(found, nil)
}

type loginResolver func(ctx context.Context, typed string) (*User, error)

// loginResolvers returns the allowed lookups in the order of precedence.
func (s *Service) loginResolvers() []loginResolver {
	if s.loginFields().IsZero() {
		return []loginResolver{s.byUsername}
	}
	return []loginResolver{s.byUsername, s.byLoginName}
}

func (s *Service) byUsername(ctx context.Context, name string) (*User, error) {
	if !username.Valid(name) {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return s.store.FindUser(ctx, UserLookup{Username: name})
}

// byLoginName returns the user with this login name. The fields of the options count,
// which may be fewer than those of the store.
func (s *Service) byLoginName(ctx context.Context, name string) (*User, error) {
	folded := FoldLoginName(name)
	u, err := s.store.FindUser(ctx, UserLookup{LoginName: folded})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(s.loginFields().LoginNames(u), func(n LoginName) bool { return n.Folded == folded }) {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return u, nil
}
