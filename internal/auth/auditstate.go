package auth

import "github.com/pbxusers/pbxusers/store/credential"

// AuditState is the part of [audit.Event.State] that credentials are: all that is
// kept of them, for embedding. Every write is in the trail, so nothing has to
// be left out: who puts a device, a recovery code or a later login into the
// database is found as well. A field that is added later must be left out when
// it is zero, and the order stay, or records of before would not match their
// entries any more.
type AuditState struct {
	PasswordHash        string        `json:"password_hash,omitempty"`
	SecondFactor        *totpState    `json:"second_factor,omitempty"`
	InvitationHash      []byte        `json:"invitation_hash,omitempty"`
	InvitationExpiresAt int64         `json:"invitation_expires_at,omitempty"`
	Devices             []deviceState `json:"devices,omitempty"`
}

type totpState struct {
	Secret         string   `json:"secret"`
	Confirmed      bool     `json:"confirmed"`
	LastStep       int64    `json:"last_step"`
	RecoveryHashes [][]byte `json:"recovery_hashes,omitempty"`
}

type deviceState struct {
	TokenHash []byte `json:"token_hash"`
	// LastUsedAt is in microseconds, as the store keeps it.
	LastUsedAt int64 `json:"last_used_at"`
}

// NewAuditState returns c as it is sealed.
func NewAuditState(c *credential.Credentials) AuditState {
	state := AuditState{PasswordHash: c.PasswordHash.Reveal()}
	if f := c.SecondFactor; f != nil {
		state.SecondFactor = &totpState{f.Secret.Reveal(), f.Confirmed, f.LastStep, f.RecoveryHashes}
	}
	if i := c.Invitation; i != nil {
		state.InvitationHash, state.InvitationExpiresAt = i.TokenHash, i.ExpiresAt.UnixMicro()
	}
	for _, d := range c.Devices {
		state.Devices = append(state.Devices, deviceState{d.TokenHash, d.LastUsedAt.UnixMicro()})
	}
	return state
}
