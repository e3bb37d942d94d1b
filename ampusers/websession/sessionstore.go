package websession

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

// sessionKind is the kind of sessions in the TTL store.
const sessionKind = "session"

// sessionStore stores sessions in the TTL store. With an idle timeout, scs would
// write a session at every request; here the store ends idle sessions, and
// [Manager.updateLastSeen] writes those in use from time to time.
type sessionStore struct {
	// Store is nil: scs calls only the methods with a context.
	scs.Store

	ttl    store.TTLStore
	limits *limits
	clock  func() time.Time
}

var _ scs.CtxStore = (*sessionStore)(nil)

// FindCtx returns the session that is stored under the hash of a token.
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

// CommitCtx stores a session. Of an existing session it stores only the changes
// of this request: another request may have changed more, or ended the session. A
// session that has ended stays ended.
func (s *sessionStore) CommitCtx(ctx context.Context, hash string, value []byte, expiry time.Time) error {
	if idle := s.clock().Add(time.Duration(s.limits.idle.Load())); idle.Before(expiry) {
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

// mergeChanges applies the changes from before to after to current.
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

// DeleteCtx ends a session. That of the request can continue with a new token.
func (s *sessionStore) DeleteCtx(ctx context.Context, hash string) error {
	if v := stateFromContext(ctx); v.foundHash == hash {
		v.foundHash = ""
	}
	return s.ttl.Delete(ctx, sessionKind, hash)
}
