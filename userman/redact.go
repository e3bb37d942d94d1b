package userman

import (
	"time"

	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// redact returns a copy of u as it leaves the service: without credentials, and
// with what may be told of them. Lists are empty rather than nil, so that JSON
// has [] for them.
func (s *Service) redact(u *User) *User {
	c := u.Clone()
	Fields().FillLists(c)
	if c.Groups == nil {
		c.Groups = []string{}
	}
	if c.Permissions == nil {
		c.Permissions = permission.Permissions{}
	}
	c.HasPassword, c.HasSecondFactor = u.Credentials.HasPassword(), u.Credentials.HasSecondFactor()
	c.ExternalPassword = s.passwordIsExternal(u)
	c.InvitationExpiresAt = time.Time{}
	if invitation := u.Credentials.Invitation; invitation != nil {
		c.InvitationExpiresAt = invitation.ExpiresAt
	}
	c.PasswordExpiresAt = s.passwordExpiry(u)
	c.Credentials, c.Activation = credential.Credentials{}, nil
	return c
}

// passwordExpiry returns when the password of u must be changed; zero when it
// need not.
func (s *Service) passwordExpiry(u *User) time.Time {
	if s.opts.PasswordLifetime <= 0 || !u.Credentials.HasPassword() {
		return time.Time{}
	}
	return u.PasswordChangedAt.Add(s.opts.PasswordLifetime)
}
