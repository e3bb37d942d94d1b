package site

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Who has taken another account for an administrator is told so.
const (
	isAMIAccount = "This is an AMI account: it works for programs on the Asterisk Manager Interface (port 5038), " +
		"not on these pages. Log in with an administrator's name."
	isPerson = "This is a person's account: it works for that person's own portal and services, " +
		"not on these pages. Log in with an administrator's name."
)

// otherAccount tells who has taken an AMI account, or a person's, for an
// administrator.
func (s *Site) otherAccount(ctx context.Context, username string, password store.Secret) (string, error) {
	authentic, err := s.Managers.Authentic(ctx, username, password)
	if err != nil {
		return "", err
	}
	if authentic {
		return isAMIAccount, nil
	}
	known, err := s.provesPerson(ctx, username, password)
	if err != nil || !known {
		return "", err
	}
	return isPerson, nil
}

// portal is the service that people log in to with a browser.
const portal = "portal"

// provesPerson reports whether the password is that of the person. It counts
// as a try at the person's account: here nobody can guess more often than
// elsewhere.
func (s *Site) provesPerson(ctx context.Context, username string, password store.Secret) (bool, error) {
	_, err := s.People.VerifyFor(ctx, portal, username, password)
	var refused *credential.LoginError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &refused):
		// The other refusals are said to those who know the password.
		return refused.Code != credential.WrongPassword, nil
	case errors.Is(err, store.ErrThrottled):
		return false, nil
	}
	return false, err
}
