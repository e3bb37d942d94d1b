package websession

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Keys of a session that waits for the code of a second factor.
const (
	keyMFAUsername  = "access.mfa_username"
	keyMFAToken     = "access.mfa_token"
	keyMFAExpiresAt = "access.mfa_expires_at"
	keyMFAFailures  = "access.mfa_failures"
)

// Bounds of a login that waits for a code.
const (
	mfaLifetime    = 5 * time.Minute
	maxFailedCodes = 5
)

// LogIn checks the attempt, whose RemoteAddr it sets, and starts a new session
// without the values of the previous one. Errors are those of
// ampusers.Service.Authenticate. When the login needs a code, the session stores
// its token for five minutes: [Manager.ConfirmMFA] completes the login.
func (m *Manager) LogIn(ctx context.Context, attempt credential.LoginAttempt) (*ampusers.Login, error) {
	attempt.RemoteAddr = m.RemoteAddr(ctx)
	login, err := m.administrators.Authenticate(ctx, attempt)
	switch {
	case err != nil:
		return nil, err
	case login.MFARequired():
		return login, m.startPendingMFA(ctx, attempt.Username, login.MFAToken)
	}
	return m.startSession(ctx, login)
}

// startSession starts the session of a login. Its token is new, which prevents
// session fixation.
func (m *Manager) startSession(ctx context.Context, login *ampusers.Login) (*ampusers.Login, error) {
	if err := m.resetSession(ctx); err != nil {
		return nil, err
	}
	a := login.Administrator
	m.SCS.Put(ctx, keyUsername, a.Username)
	m.SCS.Put(ctx, keyEpoch, a.SessionEpoch)
	m.SCS.Put(ctx, keyStartedAt, m.clock().Unix())
	v := stateFromContext(ctx)
	m.SCS.Put(ctx, keyUserAgent, strings.ToValidUTF8(v.userAgent[:min(len(v.userAgent), maxUserAgent)], ""))
	m.putLastSeen(ctx, v)
	v.admin.Store(a)
	return login, nil
}

func (m *Manager) startPendingMFA(ctx context.Context, username string, token store.Secret) error {
	if err := m.resetSession(ctx); err != nil {
		return err
	}
	m.SCS.Put(ctx, keyMFAUsername, username)
	m.SCS.Put(ctx, keyMFAToken, token.Reveal())
	m.SCS.Put(ctx, keyMFAExpiresAt, m.clock().Add(mfaLifetime).Unix())
	stateFromContext(ctx).admin.Store(nil)
	return nil
}

// resetSession empties the session and gives it a new token.
func (m *Manager) resetSession(ctx context.Context) error {
	if err := m.SCS.Clear(ctx); err != nil {
		return err
	}
	if err := m.SCS.RenewToken(ctx); err != nil {
		return err
	}
	m.SCS.SetDeadline(ctx, m.clock().Add(m.Lifetime()))
	return nil
}

// PendingMFA returns the username of a login that waits for a code; empty when
// there is none.
func (m *Manager) PendingMFA(ctx context.Context) string {
	if m.clock().Unix() >= m.SCS.GetInt64(ctx, keyMFAExpiresAt) {
		return ""
	}
	return m.SCS.GetString(ctx, keyMFAUsername)
}

// ConfirmMFA completes the login of [Manager.PendingMFA] with a code. Errors are
// those of ampusers.Service.ConfirmLogin. InvalidCredentials, also after five wrong
// codes or five minutes, means that the login has to start over.
func (m *Manager) ConfirmMFA(ctx context.Context, code string, device store.Secret) (*ampusers.Login, error) {
	if m.PendingMFA(ctx) == "" {
		return nil, &credential.LoginError{Code: credential.InvalidCredentials, Message: "the code expired; log in again"}
	}
	login, err := m.administrators.ConfirmLogin(ctx, credential.MFAAttempt{
		Token: store.NewSecret(m.SCS.GetString(ctx, keyMFAToken)), Code: code, DeviceToken: device, RemoteAddr: m.RemoteAddr(ctx),
	})
	if err != nil {
		return nil, m.recordFailedCode(ctx, err)
	}
	return m.startSession(ctx, login)
}

// recordFailedCode counts wrong codes.
func (m *Manager) recordFailedCode(ctx context.Context, err error) error {
	loginErr, ok := errors.AsType[*credential.LoginError](err)
	if !ok {
		return err
	}
	if loginErr.Code == credential.InvalidMFACode {
		failures := m.SCS.GetInt(ctx, keyMFAFailures) + 1
		if failures < maxFailedCodes {
			m.SCS.Put(ctx, keyMFAFailures, failures)
			return err
		}
		err = &credential.LoginError{Code: credential.InvalidCredentials, Message: "too many wrong codes; log in again"}
	}
	m.SCS.Remove(ctx, keyMFAUsername)
	return err
}

// Refresh continues this session after administrators have changed their own
// password, which ends all sessions. A browser gets a new token; a program keeps
// its token.
func (m *Manager) Refresh(ctx context.Context, a *ampusers.Administrator) error {
	if !stateFromContext(ctx).isBearer {
		if err := m.SCS.RenewToken(ctx); err != nil {
			return err
		}
		m.SCS.SetDeadline(ctx, m.clock().Add(m.Lifetime()))
	}
	m.SCS.Put(ctx, keyEpoch, a.SessionEpoch)
	stateFromContext(ctx).admin.Store(a)
	return nil
}

// LogOut ends the session.
func (m *Manager) LogOut(ctx context.Context) error {
	stateFromContext(ctx).admin.Store(nil)
	return m.SCS.Destroy(ctx)
}

// Token returns the bearer token for a program after LogIn.
func (m *Manager) Token(ctx context.Context) store.Secret {
	return store.NewSecret(m.SCS.Token(ctx))
}
