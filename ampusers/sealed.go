package ampusers

import "encoding/json"

// sealedRecord is all that is kept of an administrator, in a form that is
// equal for equal records only. Every write is in the trail, so nothing has to
// be left out: who puts a device, a recovery code or a later login into the
// database is found as well. A field that is added later must be left out when
// it is zero, or records of before would not match their entries any more.
type sealedRecord struct {
	Username          string   `json:"username"`
	DisplayName       string   `json:"display_name"`
	Access            Access   `json:"access"`
	Sections          []string `json:"sections"`
	Teams             []string `json:"teams"`
	Extensions        string   `json:"extensions"`
	DIDs              string   `json:"dids"`
	Disabled          bool     `json:"disabled"`
	SessionGeneration int64    `json:"session_generation"`

	PasswordHash   string         `json:"password_hash,omitempty"`
	SecondFactor   *sealedFactor  `json:"second_factor,omitempty"`
	InvitationHash []byte         `json:"invitation_hash,omitempty"`
	InvitedUntil   int64          `json:"invited_until,omitempty"`
	Devices        []sealedDevice `json:"devices,omitempty"`

	// Times are microseconds, as the store keeps them.
	CreatedAt         int64 `json:"created_at"`
	UpdatedAt         int64 `json:"updated_at"`
	PasswordChangedAt int64 `json:"password_changed_at"`
	LastLoginAt       int64 `json:"last_login_at"`
}

type sealedFactor struct {
	Secret         string   `json:"secret"`
	Confirmed      bool     `json:"confirmed"`
	LastStep       int64    `json:"last_step"`
	RecoveryHashes [][]byte `json:"recovery_hashes,omitempty"`
}

type sealedDevice struct {
	TokenHash []byte `json:"token_hash"`
	UsedAt    int64  `json:"used_at"`
}

// sealed returns a as the trail takes its fingerprint of it.
func sealed(a *Administrator) []byte {
	record := sealedRecord{
		Username: a.Username, DisplayName: a.DisplayName,
		Access: a.Access, Sections: set(a.Sections), Teams: set(a.Teams),
		Extensions: a.Extensions.String(), DIDs: a.DIDs.String(),
		Disabled: a.Disabled, SessionGeneration: a.SessionGeneration,
		PasswordHash: a.Credentials.PasswordHash.Reveal(),
		CreatedAt:    a.CreatedAt.UnixMicro(), UpdatedAt: a.UpdatedAt.UnixMicro(),
		PasswordChangedAt: a.PasswordChangedAt.UnixMicro(), LastLoginAt: a.LastLoginAt.UnixMicro(),
	}
	if f := a.Credentials.SecondFactor; f != nil {
		record.SecondFactor = &sealedFactor{f.Secret.Reveal(), f.Confirmed, f.LastStep, f.RecoveryHashes}
	}
	if i := a.Credentials.Invitation; i != nil {
		record.InvitationHash, record.InvitedUntil = i.TokenHash, i.ExpiresAt.UnixMicro()
	}
	for _, d := range a.Credentials.Devices {
		record.Devices = append(record.Devices, sealedDevice{d.TokenHash, d.UsedAt.UnixMicro()})
	}
	text, err := json.Marshal(record)
	if err != nil {
		panic("ampusers: " + err.Error()) // text, numbers and bytes always have a form
	}
	return text
}
