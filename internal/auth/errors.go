package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

func invalidCredentials() *credential.LoginError {
	return &credential.LoginError{Code: credential.InvalidCredentials, Message: "the username or the password is wrong; try again"}
}

func (au *Authenticator) accountDisabled() *credential.LoginError {
	return &credential.LoginError{Code: credential.AccountDisabled, Message: au.opts.DisabledMessage}
}

// sessionEnded is the message to those whose sessions a concurrent change ended.
const sessionEnded = "your session has expired; log in again"

// SessionEnded returns the error of a login whose sessions have ended.
func SessionEnded() *credential.LoginError {
	return &credential.LoginError{Code: credential.InvalidCredentials, Message: sessionEnded}
}

func invalidMFACode() *credential.LoginError {
	return &credential.LoginError{
		Code: credential.InvalidMFACode, Message: "this code is wrong or was used already; wait for the next one, or use a recovery code",
	}
}

// credentialsError returns the refusal of whoever is nobody here with that password.
func (au *Authenticator) credentialsError(ctx context.Context, attempt credential.LoginAttempt) *credential.LoginError {
	if au.opts.DetectAccountType == nil || len(attempt.Username) > maxUsernameBytes || len(attempt.Password.Reveal()) > maxPasswordBytes {
		return invalidCredentials()
	}
	message, err := au.opts.DetectAccountType(ctx, attempt.Username, attempt.Password)
	if err != nil {
		au.opts.Logger.ErrorContext(ctx, au.opts.Kind+": looking for another kind of account failed", "error", err)
	}
	if err != nil || message == "" {
		return invalidCredentials()
	}
	return &credential.LoginError{Code: credential.WrongAccountType, Message: message}
}

// recordDenied keeps a refusal in the trail and returns it. A name that nobody has
// is not kept: people type passwords there.
func (au *Authenticator) recordDenied(ctx context.Context, c *claimant, err error) error {
	event := audit.Event{Action: "login", Kind: au.opts.Kind}
	if c.account != nil {
		event.Key = c.account.Name
	}
	au.opts.Audit.RecordFailure(audit.WithActor(ctx, c.actor(audit.Anonymous)), event, err)
	return err
}

// actor returns the actor of an attempt for the audit log, without the name that
// was typed.
func (c *claimant) actor(kind audit.ActorKind) audit.Actor {
	return audit.Actor{Kind: kind, RemoteAddr: c.RemoteAddr, Service: c.Service}
}
