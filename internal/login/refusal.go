package login

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

func wrongPassword() *credential.LoginError {
	return &credential.LoginError{Code: credential.WrongPassword, Message: "the username or the password is wrong; try again"}
}

func (d *Desk) accountDisabled() *credential.LoginError {
	return &credential.LoginError{Code: credential.AccountDisabled, Message: d.opts.DisabledMessage}
}

func codeRequired(generation int64) *credential.LoginError {
	return &credential.LoginError{
		Code: credential.CodeRequired, Message: "type the code that your authenticator app shows, or a recovery code", Generation: generation,
	}
}

func wrongCode(generation int64) *credential.LoginError {
	return &credential.LoginError{
		Code: credential.WrongCode, Message: "this code is wrong or was used already; wait for the next one, or use a recovery code", Generation: generation,
	}
}

// stranger returns the refusal of whoever is nobody here with that password.
func (d *Desk) stranger(ctx context.Context, attempt credential.Attempt) *credential.LoginError {
	if d.opts.Other == nil || len(attempt.Username) > maxText || len(attempt.Password.Reveal()) > maxPassword {
		return wrongPassword()
	}
	message, err := d.opts.Other(ctx, attempt.Username, attempt.Password)
	if err != nil {
		d.opts.Log.ErrorContext(ctx, d.opts.Kind+": looking for another kind of account failed", "error", err)
	}
	if err != nil || message == "" {
		return wrongPassword()
	}
	return &credential.LoginError{Code: credential.OtherAccount, Message: message}
}

// refuse keeps a refusal in the trail and returns it. A name that nobody has
// is not kept: people type passwords there.
func (d *Desk) refuse(ctx context.Context, c *candidate, err error) error {
	entry := audit.Event{Action: "login", Kind: d.opts.Kind}
	if c.known != nil {
		entry.Key = c.known.Name
	}
	visitor := audit.Actor{Kind: audit.Visitor, Source: told(c.Source)}
	d.opts.Trail.RecordFailure(audit.WithActor(ctx, visitor), entry, err)
	return err
}

// told returns a source as it is told to the trail: of a service without the
// name that was typed there.
func told(source string) string {
	if !strings.HasPrefix(source, throttle.ServicePrefix) {
		return source
	}
	service, _, _ := strings.Cut(source, "/")
	return service
}
