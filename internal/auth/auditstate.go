package auth

import "github.com/pbxusers/pbxusers/store/credential"

// AuditState is the state of credentials for [audit.Event.State], for embedding.
// The audit log has every write, so that a device, a recovery code or a login that
// was added in the database is found. A field that is added later must be omitted
// when it is zero, and the order must not change: older records would not match
// their entries otherwise.
type AuditState struct {
	PasswordHash        string        `json:"password_hash,omitempty"`
	SecondFactor        *totpState    `json:"second_factor,omitempty"`
	InvitationHash      []byte        `json:"invitation_hash,omitempty"`
	InvitationExpiresAt int64         `json:"invitation_expires_at,omitempty"`
	Devices             []deviceState `json:"devices,omitempty"`
	PasswordCreator     string        `json:"password_creator,omitempty"`
	InvitationCreator   string        `json:"invitation_creator,omitempty"`
}

type totpState struct {
	Secret         string   `json:"secret"`
	Confirmed      bool     `json:"confirmed"`
	LastStep       int64    `json:"last_step"`
	RecoveryHashes [][]byte `json:"recovery_hashes,omitempty"`
	Creator        string   `json:"creator,omitempty"`
}

type deviceState struct {
	TokenHash []byte `json:"token_hash"`
	// LastUsedAt is in microseconds, as in the store.
	LastUsedAt int64 `json:"last_used_at"`
}

// NewAuditState returns the state of c.
func NewAuditState(c *credential.Credentials) AuditState {
	state := AuditState{PasswordHash: c.PasswordHash.Reveal(), PasswordCreator: c.PasswordCreator.String()}
	if f := c.SecondFactor; f != nil {
		state.SecondFactor = &totpState{f.Secret.Reveal(), f.Confirmed, f.LastStep, f.RecoveryHashes, f.Creator.String()}
	}
	if i := c.Invitation; i != nil {
		state.InvitationHash, state.InvitationExpiresAt = i.TokenHash, i.ExpiresAt.UnixMicro()
		state.InvitationCreator = i.Creator.String()
	}
	for _, d := range c.Devices {
		state.Devices = append(state.Devices, deviceState{d.TokenHash, d.LastUsedAt.UnixMicro()})
	}
	return state
}
