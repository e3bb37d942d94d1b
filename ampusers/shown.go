package ampusers

import "time"

// shown returns a copy of a as it leaves the service: without credentials, and
// with what may be told of them.
func shown(a *Administrator) *Administrator {
	c := sorted(a.Clone())
	c.HasPassword, c.HasSecondFactor = a.Credentials.HasPassword(), a.Credentials.HasSecondFactor()
	c.InvitedUntil = time.Time{}
	if invitation := a.Credentials.Invitation; invitation != nil {
		c.InvitedUntil = invitation.ExpiresAt
	}
	c.Credentials = Credentials{}
	return c
}

// endSessions ends every session of a: they are of an earlier generation.
func (a *Administrator) endSessions() { a.SessionGeneration++ }
