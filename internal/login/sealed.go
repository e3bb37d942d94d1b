package login

import "github.com/pbxusers/pbxusers/store/credential"

// Sealed is the part of [audit.Event.Sealed] that credentials are: all that is
// kept of them, for embedding. Every write is in the trail, so nothing has to
// be left out: who puts a device, a recovery code or a later login into the
// database is found as well. A field that is added later must be left out when
// it is zero, and the order stay, or records of before would not match their
// entries any more.
type Sealed struct {
	PasswordHash   string         `json:"password_hash,omitempty"`
	SecondFactor   *sealedFactor  `json:"second_factor,omitempty"`
	InvitationHash []byte         `json:"invitation_hash,omitempty"`
	InvitedUntil   int64          `json:"invited_until,omitempty"`
	Devices        []sealedDevice `json:"devices,omitempty"`
}

type sealedFactor struct {
	Secret         string   `json:"secret"`
	Confirmed      bool     `json:"confirmed"`
	LastStep       int64    `json:"last_step"`
	RecoveryHashes [][]byte `json:"recovery_hashes,omitempty"`
}

type sealedDevice struct {
	TokenHash []byte `json:"token_hash"`
	// UsedAt is in microseconds, as the store keeps it.
	UsedAt int64 `json:"used_at"`
}

// Seal returns c as it is sealed.
func Seal(c *credential.Set) Sealed {
	sealed := Sealed{PasswordHash: c.PasswordHash.Reveal()}
	if f := c.SecondFactor; f != nil {
		sealed.SecondFactor = &sealedFactor{f.Secret.Reveal(), f.Confirmed, f.LastStep, f.RecoveryHashes}
	}
	if i := c.Invitation; i != nil {
		sealed.InvitationHash, sealed.InvitedUntil = i.TokenHash, i.ExpiresAt.UnixMicro()
	}
	for _, d := range c.Devices {
		sealed.Devices = append(sealed.Devices, sealedDevice{d.TokenHash, d.UsedAt.UnixMicro()})
	}
	return sealed
}
