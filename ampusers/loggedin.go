package ampusers

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/internal/secondfactor"
	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// logIn ends the login of a candidate whose password is proven. Everything is
// asked again where it is written: a code is spent once, also by two logins at
// the same instant.
func (s *Service) logIn(ctx context.Context, c *candidate) (*Login, error) {
	if c.known.hasSecondFactor() && c.Code == "" {
		return nil, codeRequired(c.known.SessionGeneration)
	}
	tries := []throttle.Try{c.try}
	if secondfactor.IsCode(c.Code) {
		guess := c.try
		guess.Code = true
		if err := s.admit(ctx, c, guess); err != nil {
			return nil, err
		}
		tries = append(tries, guess)
	}
	token, tokenHash, err := s.deviceToken(c)
	if err != nil {
		return nil, err
	}
	var login *Login
	err = s.store.Atomically(ctx, func(ctx context.Context) (err error) {
		login, err = s.enter(ctx, c, tokenHash)
		return err
	})
	if err != nil {
		return nil, s.refuse(ctx, c, err)
	}
	login.Device = token
	for _, try := range tries {
		s.throttle.Succeeded(try)
	}
	s.log.InfoContext(ctx, "administrator: login", "username", c.known.Username)
	return login, nil
}

// deviceToken returns the token that the candidate's device holds, when it is
// known, or a new one, and what to keep of it.
func (s *Service) deviceToken(c *candidate) (token store.Secret, hash []byte, err error) {
	if c.try.Device != "" {
		return c.Device, hashToken(c.Device), nil
	}
	return s.newToken()
}

// enter writes, in the transaction of ctx, that the candidate logged in from
// the device that holds a token of this hash.
func (s *Service) enter(ctx context.Context, c *candidate, tokenHash []byte) (*Login, error) {
	before, err := s.still(ctx, c)
	if err != nil {
		return nil, err
	}
	after, left := before.Clone(), -1
	if after.hasSecondFactor() {
		if left, err = s.spend(after, c.Code); err != nil {
			return nil, err
		}
	}
	after.LastLoginAt = s.now()
	after.remember(tokenHash, after.LastLoginAt)
	event := event("login", after.Username)
	if err := s.replace(ctx, &event, before, after); err != nil {
		return nil, err
	}
	actor := audit.Actor{Kind: audit.Administrator, Name: after.Username, Source: c.Source}
	return &Login{Administrator: shown(after), RecoveryCodesLeft: left}, s.trail.Record(audit.WithActor(ctx, actor), event)
}

// rehash replaces the hash of a password that was proven, unless it was
// replaced meanwhile.
func (s *Service) rehash(ctx context.Context, c *candidate) error {
	hash, err := s.hasher.Hash(ctx, c.Password)
	if err != nil {
		return err
	}
	ctx = audit.WithActor(ctx, audit.Actor{Kind: audit.System, Source: c.Source})
	return s.store.Atomically(ctx, func(ctx context.Context) error {
		before, err := s.still(ctx, c)
		if err != nil || !before.Credentials.PasswordHash.Equal(c.known.Credentials.PasswordHash) {
			return err
		}
		after := before.Clone()
		after.Credentials.PasswordHash = hash
		event := event("rehash", after.Username)
		if err := s.replace(ctx, &event, before, after); err != nil {
			return err
		}
		return s.trail.Record(ctx, event)
	})
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
