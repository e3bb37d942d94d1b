package app

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Who has taken another account for an administrator is told so.
const (
	amiAccountMessage = "This is an AMI account: it works for programs on the Asterisk Manager Interface (port 5038), " +
		"not on these pages. Log in with an administrator's name."
	userAccountMessage = "This is a person's account: it works for that person's own portal and services, " +
		"not on these pages. Log in with an administrator's name."
)

// detectAccountType tells who has taken an AMI account, or a person's, for an
// administrator.
func (s *App) detectAccountType(ctx context.Context, username string, password store.Secret) (string, error) {
	authentic, err := s.AMIAccounts.VerifySecret(ctx, username, password)
	if err != nil {
		return "", err
	}
	if authentic {
		return amiAccountMessage, nil
	}
	isUser, err := s.isUserLogin(ctx, username, password)
	if err != nil || !isUser {
		return "", err
	}
	return userAccountMessage, nil
}

// portalService is the service that people log in to with a browser.
const portalService = "portal"

// isUserLogin reports whether the password is that of the person. It counts
// as a try at the person's account: here nobody can guess more often than
// elsewhere.
func (s *App) isUserLogin(ctx context.Context, username string, password store.Secret) (bool, error) {
	_, err := s.Users.AuthenticateService(ctx, portalService, username, password)
	var loginErr *credential.LoginError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &loginErr):
		// The other refusals are said to those who know the password.
		return loginErr.Code != credential.InvalidCredentials, nil
	case errors.Is(err, store.ErrRateLimited):
		return false, nil
	}
	return false, err
}
