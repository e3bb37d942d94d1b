package ampusers

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// kind is the kind of record in errors and in the audit log.
const kind = "administrator"

// Service manages administrators. It enforces all rules. The [Store] only stores
// records. A Service is safe for concurrent use.
type Service struct {
	store Store
	opts  Options // with the defaults filled in
	// present are opts as [Service.Reconfigure] changed them. All copies share them.
	present       *atomic.Pointer[Options]
	validator     *validate.Validator
	sections      []Section
	audit         *audit.Log
	log           *slog.Logger
	authenticator *auth.Authenticator
	// actor is nil if everything is allowed; see [Service.ForActor].
	actor *string
	// revoked receives the kinds of revoked credentials, see
	// [Service.PreviewRevocations]; else nil.
	revoked *[]credential.Kind
}

// now returns the current time in the precision of the store.
func (s *Service) now() time.Time { return s.opts.Clock().UTC().Truncate(time.Microsecond) }

// mutate runs edit on an administrator and saves the result together with its audit
// entry. edit may run more than once. The actor must cover the result, and one full
// administrator must remain.
func (s *Service) mutate(ctx context.Context, action, username string, edit func(ctx context.Context, a *Administrator) error) (*Administrator, error) {
	var after *Administrator
	err := s.audit.Do(ctx, s.store, newEvent(action, username), func(ctx context.Context, r *audit.Recorder) error {
		actor, err := s.loadActor(ctx)
		if err != nil {
			return err
		}
		before, err := s.lookup(ctx, username)
		if err != nil {
			return err
		}
		r.Intent.Key = before.Username
		if err := actor.authorizeTarget(before); err != nil {
			return err
		}
		after = before.Clone()
		if err := edit(ctx, after); err != nil {
			return err
		}
		if err := actor.authorizeGrant(after); err != nil {
			return err
		}
		return s.save(ctx, r, before, after)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", after.Username)
	return redact(after), nil
}

// lookup reads an administrator. The name may be any input.
func (s *Service) lookup(ctx context.Context, username string) (*Administrator, error) {
	if len(username) > maxTextBytes {
		return nil, &store.NotFoundError{Kind: kind}
	}
	return s.store.Administrator(ctx, username)
}

// save replaces before with after in the transaction of ctx and records it. It revokes
// credentials whose creators do not cover the result.
func (s *Service) save(ctx context.Context, r *audit.Recorder, before, after *Administrator) error {
	if err := s.revokeOnGrant(ctx, before, after); err != nil {
		return err
	}
	if err := s.checkLastFull(ctx, before, after); err != nil {
		return err
	}
	after.UpdatedAt = s.now()
	err := s.store.UpdateAdministrator(ctx, before.Username, func(a *Administrator) error {
		*a = *after.Clone()
		return nil
	})
	if err != nil {
		return err
	}
	return r.Record(ctx, changeEvent(r.Intent.Action, before, after))
}
