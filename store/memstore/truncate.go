package memstore

import "github.com/pbxusers/pbxusers/store/credential"

// truncateCredentials truncates the times in c to the precision of a database.
func truncateCredentials(c *credential.Credentials) {
	truncateOneTimeToken(c.Invitation)
	truncateTimes(&c.PasswordCreator.At)
	if c.SecondFactor != nil {
		truncateTimes(&c.SecondFactor.Creator.At)
	}
	for i := range c.Devices {
		truncateTimes(&c.Devices[i].LastUsedAt)
	}
}

func truncateOneTimeToken(token *credential.OneTimeToken) {
	if token != nil {
		truncateTimes(&token.ExpiresAt, &token.Creator.At)
	}
}
