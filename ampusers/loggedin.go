package ampusers

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/internal/secondfactor"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// logIn ends the login of a candidate whose password is proven. Everything is
// asked again where it is written: a code is spent once, also by two logins at
// the same instant. rehash takes the place of the password's hash unless it is
// zero.
func (s *Service) logIn(ctx context.Context, c *candidate, rehash store.Secret) (*Login, error) {
	token, tokenHash, err := s.newToken()
	if err != nil {
		return nil, err
	}
	if c.try.Device != "" {
		token, tokenHash = c.Device, hashToken(c.Device)
	}
	var login *Login
	err = s.store.Atomically(ctx, func(ctx context.Context) error {
		a, err := s.still(ctx, c)
		if err != nil {
			return err
		}
		login = &Login{Device: token, RecoveryCodesLeft: -1}
		if a.hasSecondFactor() {
			if login.RecoveryCodesLeft, err = s.spend(a, c.Code); err != nil {
				return err
			}
		}
		a.LastLoginAt = s.now()
		a.remember(tokenHash, a.LastLoginAt)
		login.Administrator = shown(a)
		return s.keepLogin(ctx, c, a, rehash)
	})
	if refused, ok := errors.AsType[*LoginError](err); ok {
		return nil, s.refuse(ctx, c, refused)
	}
	if err != nil {
		return nil, err
	}
	s.throttle.Succeeded(c.try)
	s.log.InfoContext(ctx, "administrator: login", "username", c.known.Username)
	return login, nil
}

// still reads the candidate again, and refuses when the password that was
// proven is not that of now.
func (s *Service) still(ctx context.Context, c *candidate) (*Administrator, error) {
	a, err := s.store.Administrator(ctx, c.known.Username)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && a.SessionGeneration != c.known.SessionGeneration:
		return nil, wrongPassword()
	case err == nil && a.Disabled:
		return nil, accountDisabled()
	}
	return a, err
}

// spend uses up a code, and returns how many recovery codes are left when it
// was one of them, or -1.
func (s *Service) spend(a *Administrator, code string) (int, error) {
	factor := a.Credentials.SecondFactor
	if step, ok := secondfactor.Match(factor.Secret, code, s.now(), factor.LastStep); ok {
		factor.LastStep = step
		return -1, nil
	}
	used := secondfactor.MatchRecovery(factor.RecoveryHashes, code)
	if used < 0 {
		return -1, wrongCode(a.SessionGeneration)
	}
	factor.RecoveryHashes = slices.Delete(factor.RecoveryHashes, used, used+1)
	return len(factor.RecoveryHashes), nil
}

// keepLogin writes a, and that there was a login, in the transaction of ctx.
func (s *Service) keepLogin(ctx context.Context, c *candidate, a *Administrator, rehash store.Secret) error {
	actions := []string{"login"}
	if !rehash.IsZero() && a.Credentials.PasswordHash.Equal(c.known.Credentials.PasswordHash) {
		a.Credentials.PasswordHash = rehash
		actions = []string{"rehash", "login"}
	}
	if err := s.store.UpdateAdministrator(ctx, a.Username, func(kept *Administrator) error {
		*kept = *a.Clone()
		return nil
	}); err != nil {
		return err
	}
	ctx = audit.WithActor(ctx, audit.Actor{Kind: audit.Administrator, Name: a.Username, Source: c.Source})
	for _, action := range actions {
		if err := s.trail.Record(ctx, audit.Event{Action: action, Kind: kind, Key: a.Username, Sealed: sealed(a)}); err != nil {
			return err
		}
	}
	return nil
}
