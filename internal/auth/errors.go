package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

func invalidCredentials() *credential.LoginError {
	return &credential.LoginError{Code: credential.InvalidCredentials, Message: "wrong username or password; try again"}
}

func (au *Authenticator) accountDisabled() *credential.LoginError {
	return &credential.LoginError{Code: credential.AccountDisabled, Message: au.opts.DisabledMessage}
}

// sessionEnded is the error message after a concurrent change ended the sessions.
const sessionEnded = "your session has expired; log in again"

// SessionEnded returns the error of a login whose sessions have ended.
func SessionEnded() *credential.LoginError {
	return &credential.LoginError{Code: credential.InvalidCredentials, Message: sessionEnded}
}

func invalidMFACode() *credential.LoginError {
	return &credential.LoginError{
		Code: credential.InvalidMFACode, Message: "this code is wrong or was already used; wait for the next one, or use a recovery code",
	}
}

// credentialsError returns the error of a wrong username or password.
func (au *Authenticator) credentialsError(ctx context.Context, attempt credential.LoginAttempt) *credential.LoginError {
	if au.opts.DetectAccountType == nil || len(attempt.Username) > maxUsernameBytes || len(attempt.Password.Reveal()) > maxPasswordBytes {
		return invalidCredentials()
	}
	message, err := au.opts.DetectAccountType(ctx, attempt.Username, attempt.Password)
	if err != nil {
		au.opts.Logger.ErrorContext(ctx, au.opts.Kind+": detecting the kind of account failed", "error", err)
	}
	if err != nil || message == "" {
		return invalidCredentials()
	}
	return &credential.LoginError{Code: credential.WrongAccountType, Message: message}
}

// recordDenied records a denial and returns it. It does not record an unknown name,
// because that may be a password.
func (au *Authenticator) recordDenied(ctx context.Context, c *claimant, err error) error {
	if c.recorded {
		return err
	}
	event := audit.Event{Action: "login", Kind: au.opts.Kind}
	if c.account != nil {
		event.Key, event.Extensions = c.account.Name, c.account.Extensions
	}
	au.opts.Audit.RecordFailure(audit.WithActor(ctx, c.actor(audit.Anonymous)), event, err)
	return err
}

// actor returns the actor of an attempt for the audit log, without the typed name.
func (c *claimant) actor(kind audit.ActorKind) audit.Actor {
	return audit.Actor{Kind: kind, RemoteAddr: c.RemoteAddr, Service: c.Service}
}
