package ldapdir

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/internal/neterror"
)

// resultError is an error response of a server. It leaves out the server's text,
// which may repeat any input.
type resultError struct {
	server string
	code   uint16
}

func (e *resultError) Error() string {
	meaning, known := ldap.LDAPResultCodeMap[e.code]
	if !known {
		meaning = "an unknown result"
	}
	return fmt.Sprintf("ldapdir: %s: the server answered %q (%d)", e.server, meaning, e.code)
}

// isInvalidCredentials reports whether the server rejected a password.
func isInvalidCredentials(err error) bool {
	var result *resultError
	return errors.As(err, &result) && result.code == ldap.LDAPResultInvalidCredentials
}

// wrapError returns the error of a server with its name. If ctx has ended, it
// returns that error instead.
func wrapError(ctx context.Context, name string, err error) error {
	var ldapErr *ldap.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("ldapdir: %s: %w", name, ctx.Err())
	case errors.As(err, &ldapErr) && (ldapErr.Packet != nil || ldapErr.ResultCode < ldap.ErrorNetwork):
		return &resultError{server: name, code: ldapErr.ResultCode}
	case errors.As(err, &ldapErr):
		err = ldapErr.Err
	}
	return fmt.Errorf("ldapdir: %s: %w", name, neterror.Explain(err))
}
