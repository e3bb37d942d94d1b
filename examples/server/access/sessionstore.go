package access

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"reflect"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/pbxusers/pbxusers/store"
)

// sessionKind is what sessions are called in the vault.
const sessionKind = "session"

// sessionStore keeps sessions in the vault. scs would write a session with an
// idle timeout at every request; here the store ends idle ones, and
// [Manager.updateLastSeen] has those in use written now and then.
type sessionStore struct {
	ttl   store.TTLStore
	idle  time.Duration
	clock func() time.Time
}

var _ scs.CtxStore = (*sessionStore)(nil)

// FindCtx returns what is kept under the hash of a token.
func (s *sessionStore) FindCtx(ctx context.Context, hash string) (value []byte, found bool, err error) {
	value, err = s.ttl.Get(ctx, sessionKind, hash, s.clock())
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	v := stateFromContext(ctx)
	v.foundHash, v.loaded = hash, value
	return value, true, nil
}

// CommitCtx keeps a session. Of one that was found only what this request has
// changed is: another request may have changed more meanwhile, or have ended
// it, and then it stays ended.
func (s *sessionStore) CommitCtx(ctx context.Context, hash string, value []byte, expiry time.Time) error {
	if idle := s.clock().Add(s.idle); idle.Before(expiry) {
		expiry = idle
	}
	v := stateFromContext(ctx)
	if v.foundHash != hash {
		return s.ttl.Put(ctx, sessionKind, hash, value, expiry)
	}
	return s.ttl.RunInTx(ctx, func(ctx context.Context) error {
		current, err := s.ttl.Get(ctx, sessionKind, hash, s.clock())
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		merged, err := mergeChanges(v.loaded, current, value)
		if err != nil {
			return err
		}
		return s.ttl.Put(ctx, sessionKind, hash, merged, expiry)
	})
}

// mergeChanges makes in current the changes that lead from before to after.
func mergeChanges(before, current, after []byte) ([]byte, error) {
	if bytes.Equal(before, current) {
		return after, nil
	}
	var codec scs.GobCodec
	_, old, errOld := codec.Decode(before)
	deadline, merged, errCurrent := codec.Decode(current)
	_, changed, errWanted := codec.Decode(after)
	if err := errors.Join(errOld, errCurrent, errWanted); err != nil {
		return nil, err
	}
	for key, value := range changed {
		if !reflect.DeepEqual(old[key], value) {
			merged[key] = value
		}
	}
	maps.DeleteFunc(merged, func(key string, _ any) bool {
		_, had := old[key]
		_, has := changed[key]
		return had && !has
	})
	return codec.Encode(deadline, merged)
}

// DeleteCtx ends a session.
func (s *sessionStore) DeleteCtx(ctx context.Context, hash string) error {
	return s.ttl.Delete(ctx, sessionKind, hash)
}

// Find is FindCtx without a context; scs does not call it.
func (s *sessionStore) Find(hash string) (value []byte, found bool, err error) {
	return s.FindCtx(context.Background(), hash)
}

// Commit is CommitCtx without a context; scs does not call it.
func (s *sessionStore) Commit(hash string, value []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), hash, value, expiry)
}

// Delete is DeleteCtx without a context; scs does not call it.
func (s *sessionStore) Delete(hash string) error { return s.DeleteCtx(context.Background(), hash) }
