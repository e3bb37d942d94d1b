package extension

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"time"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/scope"
)

// Service manages the extensions of a team. It enforces all rules; the [Store] only
// persists. It is safe for concurrent use.
type Service struct {
	store     Store
	rules     *validate.Validator
	clock     func() time.Time
	random    io.Reader
	log       *slog.Logger
	audit     *audit.Log
	loadScope ScopeLoader
}

// ScopeLoader returns the scope of the actor of a request. It reads the actor's record
// in the transaction of ctx.
type ScopeLoader func(ctx context.Context) (scope.Scope, error)

// Options are the options of [New].
type Options struct {
	// Clock returns the current time. Default time.Now.
	Clock func() time.Time
	// Random is the source of generated secrets. Default crypto/rand.Reader. Set it in
	// tests only.
	Random io.Reader
	// Audit records every change and every denied or failed operation, in the
	// transaction of the change. It must use the database of the store. Default none.
	Audit *audit.Log
	// Logger logs each change, without secrets. Default none.
	Logger *slog.Logger
}

// New returns a service that stores extensions in st. nil options mean the defaults.
func New(st Store, opts *Options) *Service {
	if opts == nil {
		opts = &Options{}
	}
	s := &Service{store: st, rules: newValidator(), clock: opts.Clock, random: opts.Random, audit: opts.Audit}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	s.log = cmp.Or(opts.Logger, slog.New(slog.DiscardHandler))
	return s
}

// Scoped returns a service that acts for a limited administrator. Every operation loads
// the scope again; a change loads it in its own transaction, so it respects a demotion
// that commits first. The service does not list, read or change extensions out of scope,
// and returns an error wrapping [store.ErrForbidden] for them. If load is nil, the
// service is unrestricted.
func (s *Service) Scoped(load ScopeLoader) *Service {
	scoped := *s
	scoped.loadScope = load
	return &scoped
}

// Create adds an extension and returns it with the secret of its first device. It
// ignores the devices and times in e: an extension with devices gets one, with a
// generated secret.
//
// It returns a [store.InvalidError] for invalid fields, and a
// [store.AlreadyExistsError] if another extension has the number.
func (s *Service) Create(ctx context.Context, e *Extension) (*Extension, error) {
	created := e.Clone()
	created.Devices, created.LastOrdinal = nil, 0
	created.CreatedAt = s.now()
	created.UpdatedAt = created.CreatedAt
	err := s.complete(normalize(created))
	if err != nil {
		s.audit.RecordFailure(ctx, s.newEvent("create", e.Number), err)
		return nil, err
	}
	err = s.audit.Do(ctx, s.store, s.newEvent("create", created.Number), func(ctx context.Context, r *audit.Recorder) error {
		if err := s.authorize(ctx, created.Number); err != nil {
			return err
		}
		if err := s.store.CreateExtension(ctx, created); err != nil {
			return err
		}
		return s.recordChange(ctx, r, nil, created)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "extension created", "number", created.Number)
	return created, nil
}

// complete validates e and gives it the devices that its type needs.
func (s *Service) complete(e *Extension) error {
	switch {
	case e.Type == TypeVirtual:
		e.Devices = []Device{}
	case len(e.Devices) == 0:
		if err := s.addDevice(e, ""); err != nil {
			return err
		}
	}
	return s.validate(e)
}

// Get returns the extension with a number, without secrets. It returns an error wrapping
// [store.ErrNotFound] if there is none.
func (s *Service) Get(ctx context.Context, number string) (*Extension, error) {
	e, err := s.load(ctx, number)
	if err != nil {
		return nil, err
	}
	return withoutSecrets(e), nil
}

// load returns the extension with a number, if it is in scope.
func (s *Service) load(ctx context.Context, number string) (*Extension, error) {
	if err := s.authorize(ctx, number); err != nil {
		return nil, err
	}
	return s.store.Extension(ctx, number)
}

// List returns a page of extensions without secrets. The page omits extensions out of
// scope. It returns a [store.InvalidError] on "sort" unless the order is by one of
// [SortFields].
func (s *Service) List(ctx context.Context, q Query) (*store.Page[*Extension], error) {
	if err := q.Sort.Validate(SortFields()); err != nil {
		return nil, err
	}
	sc, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	fetch := func(ctx context.Context, page store.PageRequest) (*store.Page[*Extension], error) {
		q.PageRequest = page
		return s.store.ListExtensions(ctx, q)
	}
	list, err := scopedlist.List(ctx, q.PageRequest, fetch, func(e *Extension) bool { return sc.HasExtension(e.Number) }, sc.AllExtensions())
	if err != nil {
		return nil, err
	}
	for i, e := range list.Items {
		list.Items[i] = withoutSecrets(e)
	}
	return list, nil
}

// Update calls change to edit the extension with a number, and returns the result
// without secrets. The number, the devices but their labels, and the times cannot be
// changed. An extension that becomes virtual loses its devices; one that is no longer
// virtual gets one. change may run more than once. The fields of a [store.InvalidError]
// of change are returned together with those that are invalid.
func (s *Service) Update(ctx context.Context, number string, change func(*Extension) error) (*Extension, error) {
	updated, err := s.update(ctx, "update", number, func(e *Extension) error {
		before := e.Clone()
		unreadable, err := store.FieldErrors(change(withoutSecrets(e)))
		if err != nil {
			return err
		}
		if e.Number != before.Number {
			unreadable = append(unreadable, store.FieldError{
				Field: "number", Code: store.CodeImmutable, Message: "the number cannot be changed here",
			})
		}
		labels := e.Devices
		e.Number, e.Devices, e.LastOrdinal = before.Number, before.Devices, before.LastOrdinal
		for _, d := range labels {
			if kept := e.Device(d.Ordinal); kept != nil {
				kept.Label = d.Label
			}
		}
		return store.AddFieldErrors(s.complete(normalize(e)), unreadable...)
	})
	if err != nil {
		return nil, err
	}
	return withoutSecrets(updated), nil
}

// update edits an extension in a transaction, and records the given audit action.
func (s *Service) update(ctx context.Context, action, number string, change func(*Extension) error) (*Extension, error) {
	var before, updated *Extension
	err := s.audit.Do(ctx, s.store, s.newEvent(action, number), func(ctx context.Context, r *audit.Recorder) error {
		if err := s.authorize(ctx, number); err != nil {
			return err
		}
		err := s.store.UpdateExtension(ctx, number, func(e *Extension) error {
			before = e.Clone()
			if err := change(e); err != nil {
				return err
			}
			e.CreatedAt, e.UpdatedAt = before.CreatedAt, s.now()
			updated = e.Clone()
			return nil
		})
		if err != nil {
			return err
		}
		return s.recordChange(ctx, r, before, updated)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "extension changed", "action", action, "number", number)
	return updated, nil
}

// Delete deletes the extension. The next apply removes its devices from Asterisk. It
// returns an error wrapping [store.ErrNotFound] if there is no such extension.
func (s *Service) Delete(ctx context.Context, number string) error {
	err := s.audit.Do(ctx, s.store, s.newEvent("delete", number), func(ctx context.Context, r *audit.Recorder) error {
		before, err := s.load(ctx, number)
		if err != nil {
			return err
		}
		if err := s.store.DeleteExtension(ctx, number); err != nil {
			return err
		}
		return s.recordChange(ctx, r, before, nil)
	})
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "extension deleted", "number", number)
	return nil
}

// scope returns what the service may touch, as of the transaction of ctx.
func (s *Service) scope(ctx context.Context) (scope.Scope, error) {
	if s.loadScope == nil {
		return scope.All(), nil
	}
	return s.loadScope(ctx)
}

// authorize returns an error wrapping ErrForbidden if a number is out of scope.
func (s *Service) authorize(ctx context.Context, number string) error {
	sc, err := s.scope(ctx)
	if err != nil || sc.HasExtension(number) {
		return err
	}
	return &store.ForbiddenError{Reason: "this extension is outside your scope", Concealed: &store.NotFoundError{Kind: Kind}}
}

// now returns the time with the precision of the store.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
