package app

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Messages for a login to the pages with another kind of account.
const (
	amiAccountMessage = "This is an AMI account: it works for programs on the Asterisk Manager Interface (port 5038), " +
		"not on these pages. Log in as an administrator."
	userAccountMessage = "This is a user account: it works for the portal and services of the user, " +
		"not on these pages. Log in as an administrator."
)

// detectAccountType returns a message if the credentials are those of an AMI
// account or of a user, rather than of an administrator.
func (s *App) detectAccountType(ctx context.Context, username string, password store.Secret) (string, error) {
	isAMIAccount, err := s.AMIAccounts.VerifySecret(ctx, username, password)
	if err != nil {
		return "", err
	}
	if isAMIAccount {
		return amiAccountMessage, nil
	}
	isUser, err := s.isUserLogin(ctx, username, password)
	if err != nil || !isUser {
		return "", err
	}
	return userAccountMessage, nil
}

// portalService is the service that users log in to with a browser.
const portalService = "portal"

// isUserLogin reports whether the password is that of the user. It counts as a
// login attempt of the user, so that the rate limit holds here too.
func (s *App) isUserLogin(ctx context.Context, username string, password store.Secret) (bool, error) {
	_, err := s.Users.AuthenticateService(ctx, portalService, username, password)
	var loginErr *credential.LoginError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &loginErr):
		// All other codes mean that the password is right.
		return loginErr.Code != credential.InvalidCredentials, nil
	case errors.Is(err, store.ErrRateLimited):
		return false, nil
	}
	return false, err
}
