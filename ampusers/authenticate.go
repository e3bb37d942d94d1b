package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/secondfactor"
	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// maxCode bounds a code, in bytes: a recovery code with blanks and dashes fits.
const maxCode = 100

// maxPassword bounds, in bytes, a password that is shown to [Options].OtherAccount:
// as it was typed, it may be longer than the form of it that is hashed.
const maxPassword = 4 * passwords.MaxLength

// candidate is who may be logging in: an attempt, and what the store knows of
// it.
type candidate struct {
	Attempt
	// known is nil when there is no such administrator.
	known *Administrator
	try   throttle.Try
}

// Authenticate logs an administrator in, or refuses with a [LoginError], or,
// after too many tries, with a [store.ThrottledError]. An unknown user and a
// wrong password take the same time and get the same answer. Codes of an
// authenticator app are counted apart from passwords.
//
// In the trail are the logins and the refusals, but that a code is still asked
// for; of those that are held up only the first. A name that no administrator
// has is not kept: people type passwords there.
func (s *Service) Authenticate(ctx context.Context, attempt Attempt) (*Login, error) {
	c, err := s.candidate(ctx, attempt)
	if err != nil {
		return nil, err
	}
	if err := s.admit(ctx, c, c.try); err != nil {
		return nil, err
	}
	verdict, err := s.verdict(ctx, c.known, c.Password)
	if err != nil {
		return nil, err
	}
	switch {
	case !verdict.Match:
		return nil, s.refuse(ctx, c, s.stranger(ctx, attempt))
	case c.known.Disabled:
		return nil, s.refuse(ctx, c, accountDisabled())
	}
	if verdict.Outdated {
		// Now: whoever ends the login with a code does not show the password.
		if err := s.rehash(ctx, c); err != nil {
			return nil, s.refuse(ctx, c, err)
		}
	}
	return s.logIn(ctx, c)
}

// ConfirmLogin ends a login that [Service.Authenticate] answered with
// CodeRequired or WrongCode: whoever calls vouches that this visitor has
// proven the password of attempt.Username a few minutes ago, when the sessions
// were of that generation. attempt.Password is ignored. The refusals are those
// of Authenticate; WrongPassword means that it has to begin again.
func (s *Service) ConfirmLogin(ctx context.Context, attempt Attempt, generation int64) (*Login, error) {
	c, err := s.candidate(ctx, attempt)
	if err != nil {
		return nil, err
	}
	stands := c.known != nil && c.known.SessionGeneration == generation
	// Strangers who guess at the password do not keep the owner from giving
	// the code of an app: logIn counts those.
	if !stands || !secondfactor.IsCode(c.Code) {
		if err := s.admit(ctx, c, c.try); err != nil {
			return nil, err
		}
	}
	switch {
	case !stands:
		return nil, s.refuse(ctx, c, wrongPassword())
	case c.known.Disabled:
		return nil, s.refuse(ctx, c, accountDisabled())
	}
	return s.logIn(ctx, c)
}

// candidate reads who is meant. What is longer than it can be stands for what
// nobody has, and takes the same time.
func (s *Service) candidate(ctx context.Context, attempt Attempt) (*candidate, error) {
	c := &candidate{Attempt: attempt}
	c.Username = usernameOrNone(c.Username)
	c.Code = bounded(c.Code)
	known, err := s.store.Administrator(ctx, c.Username)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	c.known = known
	c.try = throttle.Try{Source: c.Source, User: FoldUsername(c.Username), Device: known.device(hashToken(c.Device))}
	return c, nil
}

// bounded returns code, or another wrong one in the place of what is too long
// to be a code.
func bounded(code string) string {
	if len(code) > maxCode {
		return "-"
	}
	return code
}

// verdict compares a password with that of a, who may be nil, and takes as
// long when there is none.
func (s *Service) verdict(ctx context.Context, a *Administrator, password store.Secret) (passwords.Verdict, error) {
	var hash store.Secret
	if a != nil {
		hash = a.Credentials.PasswordHash
	}
	verdict, err := s.hasher.Check(ctx, hash, password)
	if errors.Is(err, passwords.ErrHash) {
		s.log.ErrorContext(ctx, "administrator: the stored password hash cannot be read; set a new password", "username", a.Username)
		return passwords.Verdict{}, nil
	}
	return verdict, err
}

// stranger returns the refusal of whoever is no administrator with that
// password.
func (s *Service) stranger(ctx context.Context, attempt Attempt) *LoginError {
	if s.other == nil || len(attempt.Username) > maxText || len(attempt.Password.Reveal()) > maxPassword {
		return wrongPassword()
	}
	message, err := s.other(ctx, attempt.Username, attempt.Password)
	if err != nil {
		s.log.ErrorContext(ctx, "administrator: looking for another kind of account failed", "error", err)
	}
	if err != nil || message == "" {
		return wrongPassword()
	}
	return &LoginError{Code: OtherAccount, Message: message}
}

// refuse keeps a refusal in the trail and returns it.
func (s *Service) refuse(ctx context.Context, c *candidate, err error) error {
	entry := audit.Event{Action: "login", Kind: kind}
	if c.known != nil {
		entry.Key = c.known.Username
	}
	s.trail.RecordFailure(audit.WithActor(ctx, audit.Actor{Kind: audit.Visitor, Source: c.Source}), entry, err)
	return err
}
