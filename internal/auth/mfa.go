package auth

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// mfaLifetime is the lifetime of a pending login.
const mfaLifetime = 5 * time.Minute

// pendingLogin is a login with the right password that waits for a code.
type pendingLogin struct {
	ID           string `json:"id"`
	SessionEpoch int64  `json:"session_epoch"`
}

// mfaKind is the kind of pending logins in the TTL store.
func (au *Authenticator) mfaKind() string { return "login " + au.opts.Kind }

// mfaKey returns the key of a token in the TTL store. ok is false for text that is
// not a token.
func mfaKey(token store.Secret) (key string, ok bool) {
	hash := HashToken(token)
	return hex.EncodeToString(hash), hash != nil
}

// newMFAToken stores a pending login of a and returns its token.
func (au *Authenticator) newMFAToken(ctx context.Context, a *Account) (store.Secret, error) {
	token, hash, err := NewToken(au.opts.Random)
	if err != nil {
		return store.Secret{}, err
	}
	value, err := json.Marshal(pendingLogin{a.ID, a.SessionEpoch})
	if err != nil {
		return store.Secret{}, fmt.Errorf("encoding a pending login: %w", err)
	}
	return token, au.opts.Pending.Put(ctx, au.mfaKind(), hex.EncodeToString(hash), value, au.now().Add(mfaLifetime))
}

// pendingLogin returns the pending login of a token, nil if the token is unknown,
// used or expired.
func (au *Authenticator) pendingLogin(ctx context.Context, token store.Secret) (*pendingLogin, error) {
	key, ok := mfaKey(token)
	if !ok {
		return nil, nil
	}
	value, err := au.opts.Pending.Get(ctx, au.mfaKind(), key, au.now())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	login := &pendingLogin{}
	if err := json.Unmarshal(value, login); err != nil {
		return nil, fmt.Errorf("decoding a pending login: %w", err)
	}
	return login, nil
}

// useMFAToken uses up a token in the transaction of ctx.
func (au *Authenticator) useMFAToken(ctx context.Context, token store.Secret) error {
	login, err := au.pendingLogin(ctx, token)
	if err != nil {
		return err
	}
	if login == nil {
		return invalidCredentials() // a concurrent login used it
	}
	key, _ := mfaKey(token)
	return au.opts.Pending.Delete(ctx, au.mfaKind(), key)
}
