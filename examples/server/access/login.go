package access

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// Keys of the gate in a session whose visitor has yet to give a code.
const (
	keyHalf           = "access.half"
	keyHalfGeneration = "access.half_generation"
	keyHalfUntil      = "access.half_until"
	keyHalfWrong      = "access.half_wrong"
)

// Bounds of a login that waits for a code.
const (
	halfLifetime  = 5 * time.Minute
	maxWrongCodes = 5
)

// LogIn checks the attempt, whose Source it sets, and begins a new session, in
// which nothing of the one before is left. The errors are those of
// ampusers.Service.Authenticate. After CodeRequired or WrongCode it remembers,
// for five minutes, that the password was right: [Gate.Confirm] ends the login.
func (g *Gate) LogIn(ctx context.Context, attempt ampusers.Attempt) (*ampusers.Login, error) {
	attempt.Source = g.Source(ctx)
	login, err := g.site.Administrators.Authenticate(ctx, attempt)
	if err == nil {
		return g.begin(ctx, login)
	}
	refused := (*ampusers.LoginError)(nil)
	if errors.As(err, &refused) && (refused.Code == ampusers.CodeRequired || refused.Code == ampusers.WrongCode) {
		if kept := g.beginHalf(ctx, attempt.Username, refused.Generation); kept != nil {
			return nil, kept
		}
	}
	return nil, err
}

// begin begins the session of a login. The token is a new one, so that nobody
// can have planted it.
func (g *Gate) begin(ctx context.Context, login *ampusers.Login) (*ampusers.Login, error) {
	if err := g.renew(ctx); err != nil {
		return nil, err
	}
	a := login.Administrator
	g.Sessions.Put(ctx, keyUsername, a.Username)
	g.Sessions.Put(ctx, keyGeneration, a.SessionGeneration)
	g.Sessions.Put(ctx, keySeen, g.clock().Unix())
	visitOf(ctx).is(a)
	return login, nil
}

func (g *Gate) beginHalf(ctx context.Context, username string, generation int64) error {
	if err := g.renew(ctx); err != nil {
		return err
	}
	g.Sessions.Put(ctx, keyHalf, username)
	g.Sessions.Put(ctx, keyHalfGeneration, generation)
	g.Sessions.Put(ctx, keyHalfUntil, g.clock().Add(halfLifetime).Unix())
	visitOf(ctx).is(nil)
	return nil
}

// renew empties the session and gives it a new token.
func (g *Gate) renew(ctx context.Context) error {
	if err := g.Sessions.Clear(ctx); err != nil {
		return err
	}
	if err := g.Sessions.RenewToken(ctx); err != nil {
		return err
	}
	g.Sessions.SetDeadline(ctx, g.clock().Add(g.lifetime))
	return nil
}

// HalfLoggedIn returns the username whose password was right a moment ago, and
// of whom a code is still to come; empty when there is none.
func (g *Gate) HalfLoggedIn(ctx context.Context) string {
	if g.clock().Unix() >= g.Sessions.GetInt64(ctx, keyHalfUntil) {
		return ""
	}
	return g.Sessions.GetString(ctx, keyHalf)
}

// Confirm ends the login of [Gate.HalfLoggedIn] with a code. The errors are
// those of ampusers.Service.ConfirmLogin; WrongPassword, also after five wrong
// codes or five minutes, means that the login has to begin again.
func (g *Gate) Confirm(ctx context.Context, code string, device store.Secret) (*ampusers.Login, error) {
	username := g.HalfLoggedIn(ctx)
	if username == "" {
		return nil, &ampusers.LoginError{Code: ampusers.WrongPassword, Message: "it took too long until the code came; log in again"}
	}
	attempt := ampusers.Attempt{Username: username, Code: code, Device: device, Source: g.Source(ctx)}
	login, err := g.site.Administrators.ConfirmLogin(ctx, attempt, g.Sessions.GetInt64(ctx, keyHalfGeneration))
	if err != nil {
		return nil, g.unconfirmed(ctx, err)
	}
	return g.begin(ctx, login)
}

// unconfirmed counts wrong codes.
func (g *Gate) unconfirmed(ctx context.Context, err error) error {
	refused := (*ampusers.LoginError)(nil)
	if !errors.As(err, &refused) {
		return err
	}
	wrong := g.Sessions.GetInt(ctx, keyHalfWrong) + 1
	if refused.Code == ampusers.WrongCode && wrong < maxWrongCodes {
		g.Sessions.Put(ctx, keyHalfWrong, wrong)
		return err
	}
	if refused.Code == ampusers.WrongCode {
		err = &ampusers.LoginError{Code: ampusers.WrongPassword, Message: "there were too many wrong codes; log in again"}
	}
	g.Sessions.Remove(ctx, keyHalf)
	return err
}

// Adopt keeps this session alive after the administrator has changed the own
// password, which ends all sessions. A browser gets a new token; a program
// keeps the one it has.
func (g *Gate) Adopt(ctx context.Context, a *ampusers.Administrator) error {
	if !visitOf(ctx).program {
		if err := g.Sessions.RenewToken(ctx); err != nil {
			return err
		}
		g.Sessions.SetDeadline(ctx, g.clock().Add(g.lifetime))
	}
	g.Sessions.Put(ctx, keyGeneration, a.SessionGeneration)
	visitOf(ctx).is(a)
	return nil
}

// LogOut ends the session.
func (g *Gate) LogOut(ctx context.Context) error {
	visitOf(ctx).is(nil)
	return g.Sessions.Destroy(ctx)
}

// Token returns what a program sends as its bearer token after LogIn.
func (g *Gate) Token(ctx context.Context) store.Secret {
	return store.NewSecret(g.Sessions.Token(ctx))
}
