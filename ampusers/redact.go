package ampusers

import (
	"time"

	"github.com/pbxusers/pbxusers/store/credential"
)

// redact returns a copy of a without credentials, and with the fields that describe
// them.
func redact(a *Administrator) *Administrator {
	c := normalizeLists(a.Clone())
	c.HasPassword, c.HasSecondFactor = a.Credentials.HasPassword(), a.Credentials.HasSecondFactor()
	c.InvitationExpiresAt = time.Time{}
	if invitation := a.Credentials.Invitation; invitation != nil {
		c.InvitationExpiresAt = invitation.ExpiresAt
	}
	c.Credentials = credential.Credentials{}
	return c
}

// endSessions ends every session of a by starting a new session epoch.
func (a *Administrator) endSessions() { a.SessionEpoch++ }
