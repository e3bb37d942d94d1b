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

// vaultStore keeps sessions in the vault. scs would write a session with an
// idle timeout at every request; here the store ends idle ones, and
// [Gate.touch] has those in use written now and then.
type vaultStore struct {
	vault store.Vault
	idle  time.Duration
	clock func() time.Time
}

var _ scs.CtxStore = (*vaultStore)(nil)

// FindCtx returns what is kept under the hash of a token.
func (s *vaultStore) FindCtx(ctx context.Context, hash string) (value []byte, found bool, err error) {
	value, err = s.vault.Kept(ctx, sessionKind, hash, s.clock())
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	v := visitOf(ctx)
	v.found, v.loaded = hash, value
	return value, true, nil
}

// CommitCtx keeps a session. Of one that was found only what this request has
// changed is: another request may have changed more meanwhile, or have ended
// it, and then it stays ended.
func (s *vaultStore) CommitCtx(ctx context.Context, hash string, value []byte, expiry time.Time) error {
	if idle := s.clock().Add(s.idle); idle.Before(expiry) {
		expiry = idle
	}
	v := visitOf(ctx)
	if v.found != hash {
		return s.vault.Keep(ctx, sessionKind, hash, value, expiry)
	}
	return s.vault.Atomically(ctx, func(ctx context.Context) error {
		current, err := s.vault.Kept(ctx, sessionKind, hash, s.clock())
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		merged, err := merge(v.loaded, current, value)
		if err != nil {
			return err
		}
		return s.vault.Keep(ctx, sessionKind, hash, merged, expiry)
	})
}

// merge makes in current the changes that lead from before to after.
func merge(before, current, after []byte) ([]byte, error) {
	if bytes.Equal(before, current) {
		return after, nil
	}
	var codec scs.GobCodec
	_, old, errOld := codec.Decode(before)
	deadline, merged, errCurrent := codec.Decode(current)
	_, wanted, errWanted := codec.Decode(after)
	if err := errors.Join(errOld, errCurrent, errWanted); err != nil {
		return nil, err
	}
	for key, value := range wanted {
		if !reflect.DeepEqual(old[key], value) {
			merged[key] = value
		}
	}
	maps.DeleteFunc(merged, func(key string, _ any) bool {
		_, had := old[key]
		_, has := wanted[key]
		return had && !has
	})
	return codec.Encode(deadline, merged)
}

// DeleteCtx ends a session.
func (s *vaultStore) DeleteCtx(ctx context.Context, hash string) error {
	return s.vault.Forget(ctx, sessionKind, hash)
}

// Find is FindCtx without a context; scs does not call it.
func (s *vaultStore) Find(hash string) (value []byte, found bool, err error) {
	return s.FindCtx(context.Background(), hash)
}

// Commit is CommitCtx without a context; scs does not call it.
func (s *vaultStore) Commit(hash string, value []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), hash, value, expiry)
}

// Delete is DeleteCtx without a context; scs does not call it.
func (s *vaultStore) Delete(hash string) error { return s.DeleteCtx(context.Background(), hash) }
