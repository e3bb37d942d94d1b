package manager

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/sethvargo/go-password/password"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// kind is what an AMI account is called in refusals.
const kind = "AMI account"

// Service keeps the AMI accounts. All rules are here; the [Store] only
// persists. It may be used from many goroutines.
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

// Options of [New].
type Options struct {
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is where generated secrets come from. Defaults to
	// crypto/rand.Reader; set it in tests only.
	Random io.Reader
	// Audit is told of every change and refusal, together with the change: it
	// must be in the database of the store. Defaults to none.
	Audit *audit.Log
	// Logger is told of each change, without secrets. Defaults to none.
	Logger *slog.Logger
	// NameInUse says where a name is used outside the store, such as
	// "manager.conf:12", or "" when it is not. [NameInConfig] asks the configuration
	// folder. Defaults to nowhere.
	NameInUse func(ctx context.Context, name string) (string, error)
	// ApplyAccount is the account that the configuration is applied with. It
	// cannot be deleted, disabled, robbed of what an apply needs, kept from
	// an address, or given a new secret: whoever applies still holds the old
	// one. Defaults to none.
	ApplyAccount string
}

// New returns a service over st.
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

// Create adds an account and returns it with its secret, which is generated
// when u has none; this is the one time that a generated secret is shown. The
// times in u are ignored.
//
// It refuses bad fields with a [store.InvalidError], and a name that another
// account has, in any case, here or by hand in manager.conf, with a
// [store.AlreadyExistsError].
func (s *Service) Create(ctx context.Context, a *Account) (*Account, error) {
	intent := newEvent("create", a.Name)
	created, err := s.prepare(ctx, a)
	if err != nil {
		s.audit.RecordFailure(ctx, intent, err)
		return nil, err
	}
	err = s.audit.Do(ctx, s.store, intent, func(ctx context.Context, r *audit.Recorder) error {
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

// prepare returns u as it is to be stored, unless a rule refuses it.
func (s *Service) prepare(ctx context.Context, a *Account) (*Account, error) {
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
	if err := s.validateAccount(created); err != nil {
		return nil, err
	}
	return created, s.checkNameFree(ctx, created.Name)
}

func (s *Service) checkNameFree(ctx context.Context, name string) error {
	if s.nameInUse == nil {
		return nil
	}
	location, err := s.nameInUse(ctx, name)
	if err != nil {
		return fmt.Errorf("looking for accounts written by hand: %w", err)
	}
	if location != "" {
		return &store.AlreadyExistsError{Kind: kind, Field: "name", Location: location}
	}
	return nil
}

// Get returns the account of that name, in any case, without its secret, or a
// [store.NotFoundError].
func (s *Service) Get(ctx context.Context, name string) (*Account, error) {
	a, err := s.store.Account(ctx, name)
	if err != nil {
		return nil, err
	}
	return withoutSecret(a), nil
}

// List returns a page of accounts without their secrets. An order that is not
// by one of [SortFields] is a [store.InvalidError] on "sort".
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

// normalizeDefaults spells out the defaults of u: lists are empty rather than nil, so
// that JSON has [] for them.
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
	if a.WriteTimeout == 0 {
		a.WriteTimeout = DefaultWriteTimeout
	}
	return a
}

// Update has change edit the account of that name and returns what came of
// it, without the secret. The user that change is given has no secret; if it
// sets one, that becomes the new secret. The name and the times cannot be
// changed. change may run more than once.
//
// Sessions that are open keep the rights with which they logged in until the
// change is applied; applying ends those that have too many.
func (s *Service) Update(ctx context.Context, name string, change func(*Account) error) (*Account, error) {
	return s.update(ctx, "update", name, change)
}

// update is [Service.Update], called action in the audit trail.
func (s *Service) update(ctx context.Context, action, name string, change func(*Account) error) (*Account, error) {
	var before, updated *Account
	err := s.audit.Do(ctx, s.store, newEvent(action, name), func(ctx context.Context, r *audit.Recorder) error {
		err := s.store.UpdateAccount(ctx, name, func(a *Account) error {
			before, r.Intent.Key = a.Clone(), a.Name
			a.Secret = store.Secret{}
			if err := change(a); err != nil {
				return err
			}
			if err := s.completeUpdate(before, a); err != nil {
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

// completeUpdate completes what change left, and judges it.
func (s *Service) completeUpdate(before, a *Account) error {
	if a.Name != before.Name {
		return store.NewInvalidError(store.FieldError{
			Field: "name", Code: "immutable", Message: "the name cannot be changed; make a new account and delete this one",
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

// checkApplyAccount refuses what would lock the next apply out.
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
	return &store.InUseError{Kind: kind, References: []store.Reference{{Kind: "the apply of the configuration, as", Key: s.applyAccount}}}
}

// Rotate gives the account a new secret, generated when secret is zero, and
// returns the account with it; this is the one time that it is shown.
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

// Disable keeps the account and takes it from Asterisk at the next apply.
func (s *Service) Disable(ctx context.Context, name string) (*Account, error) {
	return s.setDisabled(ctx, "disable", name, true)
}

// Enable undoes [Service.Disable].
func (s *Service) Enable(ctx context.Context, name string) (*Account, error) {
	return s.setDisabled(ctx, "enable", name, false)
}

func (s *Service) setDisabled(ctx context.Context, action, name string, disabled bool) (*Account, error) {
	return s.update(ctx, action, name, func(a *Account) error {
		a.Disabled = disabled
		return nil
	})
}

// Delete removes the account; the next apply takes it from Asterisk and ends
// its sessions. A [store.NotFoundError] when there is none of that name.
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

// now returns the time as the store keeps it.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Generated secrets are secretLength letters and digits with repetition: 62^32
// is more than 190 bits, and no character means anything to a configuration
// file, to AMI or to a shell.
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
