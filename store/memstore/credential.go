package memstore

import "github.com/pbxusers/pbxusers/store/credential"

// keepCredentials makes the times in c those that a database would keep.
func keepCredentials(c *credential.Set) {
	keepLink(c.Invitation)
	for i := range c.Devices {
		keepTimes(&c.Devices[i].UsedAt)
	}
}

func keepLink(l *credential.Link) {
	if l != nil {
		keepTimes(&l.ExpiresAt)
	}
}
