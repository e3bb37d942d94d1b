package ampusers

import "time"

// shown returns a copy of a as it leaves the service: without credentials, and
// with what may be told of them.
func shown(a *Administrator) *Administrator {
	c := sorted(a.Clone())
	c.HasPassword, c.HasSecondFactor = a.hasPassword(), a.hasSecondFactor()
	c.InvitedUntil = time.Time{}
	if invitation := a.Credentials.Invitation; invitation != nil {
		c.InvitedUntil = invitation.ExpiresAt
	}
	c.Credentials = Credentials{}
	return c
}

func (a *Administrator) hasPassword() bool { return !a.Credentials.PasswordHash.IsZero() }

// hasSecondFactor reports whether a code is asked for at login.
func (a *Administrator) hasSecondFactor() bool {
	return a.Credentials.SecondFactor != nil && a.Credentials.SecondFactor.Confirmed
}

// endSessions ends every session of a: they are of an earlier generation.
func (a *Administrator) endSessions() { a.SessionGeneration++ }
