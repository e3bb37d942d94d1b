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
	store   Store
	rules   *validate.Validator
	clock   func() time.Time
	random  io.Reader
	log     *slog.Logger
	audit   *audit.Trail
	taken   func(ctx context.Context, name string) (string, error)
	applyAs string
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
	Audit *audit.Trail
	// Logger is told of each change, without secrets. Defaults to none.
	Logger *slog.Logger
	// Taken says where a name is used outside the store, such as
	// "manager.conf:12", or "" when it is not. [Taken] asks the configuration
	// folder. Defaults to nowhere.
	Taken func(ctx context.Context, name string) (string, error)
	// ApplyAs is the account that the configuration is applied with. It
	// cannot be deleted, disabled, robbed of what an apply needs, kept from
	// an address, or given a new secret: whoever applies still holds the old
	// one. Defaults to none.
	ApplyAs string
}

// New returns a service over st.
func New(st Store, opts *Options) *Service {
	if opts == nil {
		opts = &Options{}
	}
	s := &Service{
		store: st, rules: newValidator(),
		clock: opts.Clock, random: opts.Random, log: opts.Logger, audit: opts.Audit, taken: opts.Taken, applyAs: opts.ApplyAs,
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
// [store.ExistsError].
func (s *Service) Create(ctx context.Context, u *User) (*User, error) {
	act := eventOf("create", u.Name)
	created, err := s.prepare(ctx, u)
	if err != nil {
		s.audit.RecordFailure(ctx, act, err)
		return nil, err
	}
	err = s.act(ctx, act, func(ctx context.Context, event *audit.Event) error {
		if err := endingWith(event, created); err != nil {
			return err
		}
		return s.store.CreateUser(ctx, created)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "AMI account created", "name", created.Name)
	return created, nil
}

// prepare returns u as it is to be stored, unless a rule refuses it.
func (s *Service) prepare(ctx context.Context, u *User) (*User, error) {
	created := normalised(u.Clone())
	if created.Secret.IsZero() {
		secret, err := s.generateSecret()
		if err != nil {
			return nil, err
		}
		created.Secret = secret
	}
	created.CreatedAt = s.now()
	created.UpdatedAt, created.SecretChangedAt = created.CreatedAt, created.CreatedAt
	if err := s.check(created); err != nil {
		return nil, err
	}
	return created, s.refuseTaken(ctx, created.Name)
}

func (s *Service) refuseTaken(ctx context.Context, name string) error {
	if s.taken == nil {
		return nil
	}
	where, err := s.taken(ctx, name)
	if err != nil {
		return fmt.Errorf("looking for accounts written by hand: %w", err)
	}
	if where != "" {
		return &store.ExistsError{Kind: kind, Field: "name", Where: where}
	}
	return nil
}

// Get returns the account of that name, in any case, without its secret, or a
// [store.NotFoundError].
func (s *Service) Get(ctx context.Context, name string) (*User, error) {
	u, err := s.store.User(ctx, name)
	if err != nil {
		return nil, err
	}
	return withoutSecret(u), nil
}

// List returns a page of accounts without their secrets. An order that is not
// by one of [OrderFields] is a [store.InvalidError] on "sort".
func (s *Service) List(ctx context.Context, q Query) (*store.List[*User], error) {
	if err := q.Order.Check(OrderFields()); err != nil {
		return nil, err
	}
	list, err := s.store.ListUsers(ctx, q)
	if err != nil {
		return nil, err
	}
	for i, u := range list.Items {
		list.Items[i] = withoutSecret(u)
	}
	return list, nil
}

func withoutSecret(u *User) *User {
	u.Secret = store.Secret{}
	return normalised(u)
}

// normalised spells out the defaults of u: lists are empty rather than nil, so
// that JSON has [] for them.
func normalised(u *User) *User {
	if u.Deny == nil {
		u.Deny = []Network{}
	}
	if u.Permit == nil {
		u.Permit = []Network{}
	}
	if u.EventFilters == nil {
		u.EventFilters = []EventFilter{}
	}
	if u.WriteTimeout == 0 {
		u.WriteTimeout = DefaultWriteTimeout
	}
	return u
}

// Update has change edit the account of that name and returns what came of
// it, without the secret. The user that change is given has no secret; if it
// sets one, that becomes the new secret. The name and the times cannot be
// changed. change may run more than once.
//
// Sessions that are open keep the rights with which they logged in until the
// change is applied; applying ends those that have too many.
func (s *Service) Update(ctx context.Context, name string, change func(*User) error) (*User, error) {
	return s.update(ctx, "update", name, change)
}

// update is [Service.Update], called action in the audit trail.
func (s *Service) update(ctx context.Context, action, name string, change func(*User) error) (*User, error) {
	var updated *User
	act := eventOf(action, name)
	err := s.act(ctx, act, func(ctx context.Context, event *audit.Event) error {
		return s.store.UpdateUser(ctx, name, func(u *User) error {
			before := u.Clone()
			if err := beginningWith(event, before); err != nil {
				return err
			}
			u.Secret = store.Secret{}
			if err := change(u); err != nil {
				return err
			}
			if err := s.settle(before, u); err != nil {
				return err
			}
			updated = u.Clone()
			return endingWith(event, u)
		})
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "AMI account updated", "name", updated.Name)
	return withoutSecret(updated), nil
}

// settle completes what change left, and judges it.
func (s *Service) settle(before, u *User) error {
	if u.Name != before.Name {
		return store.Invalid(store.FieldError{
			Field: "name", Code: "immutable", Message: "the name cannot be changed; make a new account and delete this one",
		})
	}
	u.CreatedAt, u.UpdatedAt, u.SecretChangedAt = before.CreatedAt, s.now(), before.SecretChangedAt
	if u.Secret.IsZero() || u.Secret.Equal(before.Secret) {
		u.Secret = before.Secret
	} else {
		u.SecretChangedAt = u.UpdatedAt
	}
	if err := s.check(normalised(u)); err != nil {
		return err
	}
	return s.guardApplyAccount(before, u)
}

// guardApplyAccount refuses what would lock the next apply out.
func (s *Service) guardApplyAccount(before, u *User) error {
	if !s.isApplyAccount(u.Name) {
		return nil
	}
	canApply := u.Write.Has(applyPrivileges) || u.Write.Has(before.Write&(applyPrivileges|System))
	canLogIn := (!u.Disabled || before.Disabled) && u.Secret.Equal(before.Secret) && u.admitsAllOf(before)
	if canApply && canLogIn {
		return nil
	}
	return s.inUseByApply()
}

func (s *Service) isApplyAccount(name string) bool {
	return s.applyAs != "" && FoldName(name) == FoldName(s.applyAs)
}

func (s *Service) inUseByApply() error {
	return &store.InUseError{Kind: kind, References: []store.Reference{{Kind: "the apply of the configuration, as", Key: s.applyAs}}}
}

// Rotate gives the account a new secret, generated when secret is zero, and
// returns the account with it; this is the one time that it is shown.
func (s *Service) Rotate(ctx context.Context, name string, secret store.Secret) (*User, error) {
	if secret.IsZero() {
		generated, err := s.generateSecret()
		if err != nil {
			return nil, err
		}
		secret = generated
	}
	rotated, err := s.update(ctx, "rotate", name, func(u *User) error {
		u.Secret = secret
		return nil
	})
	if err != nil {
		return nil, err
	}
	rotated.Secret = secret
	return rotated, nil
}

// Disable keeps the account and takes it from Asterisk at the next apply.
func (s *Service) Disable(ctx context.Context, name string) (*User, error) {
	return s.setDisabled(ctx, "disable", name, true)
}

// Enable undoes [Service.Disable].
func (s *Service) Enable(ctx context.Context, name string) (*User, error) {
	return s.setDisabled(ctx, "enable", name, false)
}

func (s *Service) setDisabled(ctx context.Context, action, name string, disabled bool) (*User, error) {
	return s.update(ctx, action, name, func(u *User) error {
		u.Disabled = disabled
		return nil
	})
}

// Delete removes the account; the next apply takes it from Asterisk and ends
// its sessions. A [store.NotFoundError] when there is none of that name.
func (s *Service) Delete(ctx context.Context, name string) error {
	act := eventOf("delete", name)
	if s.isApplyAccount(name) {
		err := s.inUseByApply()
		s.audit.RecordFailure(ctx, act, err)
		return err
	}
	err := s.act(ctx, act, func(ctx context.Context, event *audit.Event) error {
		if err := s.beginning(ctx, event, name); err != nil {
			return err
		}
		return s.store.DeleteUser(ctx, name)
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
