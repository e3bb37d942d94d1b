package manager

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/sethvargo/go-password/password"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// kind is the record kind in errors.
const kind = "AMI account"

// Service manages the AMI accounts. It enforces all rules; the [Store] only
// persists. It is safe for concurrent use.
type Service struct {
	store        Store
	rules        *validate.Validator
	clock        func() time.Time
	random       io.Reader
	log          *slog.Logger
	audit        *audit.Log
	nameInUse    func(ctx context.Context, name string) (string, error)
	applyAccount string
}

// Options are the options of [New].
type Options struct {
	// Clock returns the current time. Default time.Now.
	Clock func() time.Time
	// Random is the source of generated secrets. Default crypto/rand.Reader.
	// Set it in tests only.
	Random io.Reader
	// Audit records every change and every denied or failed operation, in the
	// transaction of the change. It must use the database of the store. Default
	// none.
	Audit *audit.Log
	// Logger logs each change, without secrets. Default none.
	Logger *slog.Logger
	// NameInUse returns where a name is used outside the store, such as
	// "manager.conf:12", or "". [NameInConfig] checks the configuration folder.
	// Default none.
	NameInUse func(ctx context.Context, name string) (string, error)
	// ApplyAccount is the account that applies the configuration. It cannot be
	// deleted, disabled, restricted to fewer rights or addresses, or given a
	// new secret, because the applying program still has the old one. Default
	// none.
	ApplyAccount string
}

// New returns a service that stores accounts in st. nil options mean the
// defaults.
func New(st Store, opts *Options) *Service {
	if opts == nil {
		opts = &Options{}
	}
	s := &Service{
		store: st, rules: newValidator(),
		clock: opts.Clock, random: opts.Random, log: opts.Logger, audit: opts.Audit, nameInUse: opts.NameInUse, applyAccount: opts.ApplyAccount,
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Create adds an account and returns it with its secret. It generates the
// secret if a has none; no later call returns it. It ignores the times in a.
//
// It returns a [store.InvalidError] for invalid fields. It returns a
// [store.AlreadyExistsError] if another account has the name, ignoring case, in
// the store or in manager.conf.
func (s *Service) Create(ctx context.Context, a *Account) (*Account, error) {
	commit, err := s.PrepareCreate(ctx, a)
	if err != nil {
		return nil, err
	}
	return commit(ctx)
}

// PrepareCreate does the part of [Service.Create] that is not in a transaction: it
// validates the account and reads manager.conf. It returns the function that
// creates the account, which can join a transaction and run more than once, such as
// when a transaction is retried. unreadable are fields that the caller could not
// read: they are an error, and are returned together with the invalid ones.
func (s *Service) PrepareCreate(ctx context.Context, a *Account, unreadable ...store.FieldError) (commit func(ctx context.Context) (*Account, error), err error) {
	created, err := s.prepare(ctx, a, unreadable)
	if err != nil {
		s.audit.RecordFailure(ctx, newEvent("create", a.Name), err)
		return nil, err
	}
	return func(ctx context.Context) (*Account, error) { return s.create(ctx, created) }, nil
}

// create creates an account that is complete.
func (s *Service) create(ctx context.Context, created *Account) (*Account, error) {
	err := s.audit.Do(ctx, s.store, newEvent("create", created.Name), func(ctx context.Context, r *audit.Recorder) error {
		if err := s.store.CreateAccount(ctx, created); err != nil {
			return err
		}
		return recordChange(ctx, r, nil, created)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "AMI account created", "name", created.Name)
	return created, nil
}

// prepare returns a normalized copy of a to store, or an error if it breaks a
// rule.
func (s *Service) prepare(ctx context.Context, a *Account, unreadable []store.FieldError) (*Account, error) {
	created := normalizeDefaults(a.Clone())
	if created.Secret.IsZero() {
		secret, err := s.generateSecret()
		if err != nil {
			return nil, err
		}
		created.Secret = secret
	}
	created.CreatedAt = s.now()
	created.UpdatedAt, created.SecretChangedAt = created.CreatedAt, created.CreatedAt
	err := s.validateAccount(created)
	if err == nil {
		err = s.checkNameFree(ctx, created.Name)
	}
	if err == nil && len(unreadable) > 0 {
		err = s.checkNotStored(ctx, created.Name)
	}
	return created, store.AddFieldErrors(err, unreadable...)
}

// checkNotStored rejects the name of a stored account. A new account is checked when
// it is stored; this is for one that will not be.
func (s *Service) checkNotStored(ctx context.Context, name string) error {
	switch _, err := s.store.Account(ctx, name); {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return &store.AlreadyExistsError{Kind: kind, Field: "name"}
}

func (s *Service) checkNameFree(ctx context.Context, name string) error {
	if s.nameInUse == nil {
		return nil
	}
	location, err := s.nameInUse(ctx, name)
	if err != nil {
		return &ConfigError{err}
	}
	if location != "" {
		return &store.AlreadyExistsError{Kind: kind, Field: "name", Location: location}
	}
	return nil
}

// Get returns the account with a name, ignoring case, without its secret. It
// returns an error wrapping [store.ErrNotFound] if the account does not exist.
func (s *Service) Get(ctx context.Context, name string) (*Account, error) {
	a, err := s.store.Account(ctx, name)
	if err != nil {
		return nil, err
	}
	return withoutSecret(a), nil
}

// List returns a page of accounts without their secrets. It returns a
// [store.InvalidError] on "sort" unless the order is by one of [SortFields].
func (s *Service) List(ctx context.Context, q Query) (*store.Page[*Account], error) {
	if err := q.Sort.Validate(SortFields()); err != nil {
		return nil, err
	}
	list, err := s.store.ListAccounts(ctx, q)
	if err != nil {
		return nil, err
	}
	for i, a := range list.Items {
		list.Items[i] = withoutSecret(a)
	}
	return list, nil
}

func withoutSecret(a *Account) *Account {
	a.Secret = store.Secret{}
	return normalizeDefaults(a)
}

// normalizeDefaults sets the defaults of a. Lists become empty rather than nil,
// so that they are [] in JSON.
func normalizeDefaults(a *Account) *Account {
	if a.Deny == nil {
		a.Deny = []Network{}
	}
	if a.Permit == nil {
		a.Permit = []Network{}
	}
	if a.EventFilters == nil {
		a.EventFilters = []EventFilter{}
	}
	for i := range a.EventFilters {
		if a.EventFilters[i].Method == "" {
			a.EventFilters[i].Method = MatchNone
		}
	}
	if a.WriteTimeout == 0 {
		a.WriteTimeout = DefaultWriteTimeout
	}
	return a
}

// Update calls change to edit the account with a name, and returns the result
// without its secret. change receives the account without its secret; a secret
// that it sets becomes the new one. The name and the times cannot be changed.
// change may run more than once. The fields of a [store.InvalidError] of change are
// returned together with those that are invalid.
//
// Open sessions keep the rights of their login until the change is applied. The
// apply ends those with too many rights.
func (s *Service) Update(ctx context.Context, name string, change func(*Account) error) (*Account, error) {
	return s.update(ctx, "update", name, change)
}

// update implements [Service.Update] with the given audit action.
func (s *Service) update(ctx context.Context, action, name string, change func(*Account) error) (*Account, error) {
	var before, updated *Account
	err := s.audit.Do(ctx, s.store, newEvent(action, name), func(ctx context.Context, r *audit.Recorder) error {
		err := s.store.UpdateAccount(ctx, name, func(a *Account) error {
			before, r.Intent.Key = a.Clone(), a.Name
			unreadable, err := store.FieldErrors(change(withoutSecret(a)))
			if err != nil {
				return err
			}
			if err := store.AddFieldErrors(s.completeUpdate(before, a), unreadable...); err != nil {
				return err
			}
			updated = a.Clone()
			return nil
		})
		if err != nil {
			return err
		}
		return recordChange(ctx, r, before, updated)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "AMI account updated", "name", updated.Name)
	return withoutSecret(updated), nil
}

// completeUpdate normalizes and validates the edited account.
func (s *Service) completeUpdate(before, a *Account) error {
	if a.Name != before.Name {
		return store.NewInvalidError(store.FieldError{
			Field: "name", Code: store.CodeImmutable, Message: "the name cannot be changed; create a new account and delete this one",
		})
	}
	a.CreatedAt, a.UpdatedAt, a.SecretChangedAt = before.CreatedAt, s.now(), before.SecretChangedAt
	if a.Secret.IsZero() || a.Secret.Equal(before.Secret) {
		a.Secret = before.Secret
	} else {
		a.SecretChangedAt = a.UpdatedAt
	}
	if err := s.validateAccount(normalizeDefaults(a)); err != nil {
		return err
	}
	return s.checkApplyAccount(before, a)
}

// checkApplyAccount rejects a change that would lock out the next apply.
func (s *Service) checkApplyAccount(before, a *Account) error {
	if !s.isApplyAccount(a.Name) {
		return nil
	}
	canApply := a.Write.Has(applyPrivileges) || a.Write.Has(before.Write&(applyPrivileges|System))
	canLogIn := (!a.Disabled || before.Disabled) && a.Secret.Equal(before.Secret) && a.permitsAllOf(before)
	if canApply && canLogIn {
		return nil
	}
	return s.applyAccountInUseError()
}

func (s *Service) isApplyAccount(name string) bool {
	return s.applyAccount != "" && FoldName(name) == FoldName(s.applyAccount)
}

func (s *Service) applyAccountInUseError() error {
	return &store.InUseError{Kind: kind, References: []store.Reference{{Kind: "pbxusers to apply changes, as", Key: s.applyAccount}}}
}

// Rotate sets a new secret and returns the account with it. It generates the
// secret if secret is zero; no later call returns it.
func (s *Service) Rotate(ctx context.Context, name string, secret store.Secret) (*Account, error) {
	if secret.IsZero() {
		generated, err := s.generateSecret()
		if err != nil {
			return nil, err
		}
		secret = generated
	}
	rotated, err := s.update(ctx, "rotate", name, func(a *Account) error {
		a.Secret = secret
		return nil
	})
	if err != nil {
		return nil, err
	}
	rotated.Secret = secret
	return rotated, nil
}

// Disable disables the account. The next apply removes it from Asterisk.
func (s *Service) Disable(ctx context.Context, name string) (*Account, error) {
	return s.setDisabled(ctx, "disable", name, true)
}

// Enable enables a disabled account.
func (s *Service) Enable(ctx context.Context, name string) (*Account, error) {
	return s.setDisabled(ctx, "enable", name, false)
}

func (s *Service) setDisabled(ctx context.Context, action, name string, disabled bool) (*Account, error) {
	return s.update(ctx, action, name, func(a *Account) error {
		a.Disabled = disabled
		return nil
	})
}

// Delete deletes the account. The next apply removes it from Asterisk and ends
// its sessions. It returns an error wrapping [store.ErrNotFound] if the account
// does not exist.
func (s *Service) Delete(ctx context.Context, name string) error {
	intent := newEvent("delete", name)
	if s.isApplyAccount(name) {
		err := s.applyAccountInUseError()
		s.audit.RecordFailure(ctx, intent, err)
		return err
	}
	err := s.audit.Do(ctx, s.store, intent, func(ctx context.Context, r *audit.Recorder) error {
		before, err := s.loadDeleted(ctx, name)
		if err != nil {
			return err
		}
		r.Intent.Key = before.Name
		if err := s.store.DeleteAccount(ctx, name); err != nil {
			return err
		}
		return recordChange(ctx, r, before, nil)
	})
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "AMI account deleted", "name", name)
	return nil
}

// now returns the time with the precision of the store.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// A generated secret is secretLength random letters and digits: 62^32 is more
// than 190 bits, and no character has a meaning in a configuration file, in AMI
// or in a shell.
const (
	secretLength = 32
	secretDigits = 8
)

func (s *Service) generateSecret() (store.Secret, error) {
	generator, err := password.NewGenerator(&password.GeneratorInput{Reader: s.random})
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a secret: %w", err)
	}
	secret, err := generator.Generate(secretLength, secretDigits, 0, false, true)
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a secret: %w", err)
	}
	return store.NewSecret(secret), nil
}
