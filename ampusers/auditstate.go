package ampusers

import (
	"encoding/json"

	"github.com/pbxusers/pbxusers/internal/auth"
)

// administratorState is all that is kept of an administrator, in a form that is
// equal for equal records only. Every write is in the trail, so nothing has to
// be left out: who puts a device, a recovery code or a later login into the
// database is found as well. A field that is added later must be left out when
// it is zero, or records of before would not match their entries any more.
type administratorState struct {
	Username     string      `json:"username"`
	DisplayName  string      `json:"display_name"`
	Access       AccessLevel `json:"access"`
	Sections     []string    `json:"sections"`
	Teams        []string    `json:"teams"`
	Extensions   string      `json:"extensions"`
	DIDs         string      `json:"dids"`
	Disabled     bool        `json:"disabled"`
	SessionEpoch int64       `json:"session_epoch"`

	auth.AuditState

	// Times are microseconds, as the store keeps them.
	CreatedAt         int64 `json:"created_at"`
	UpdatedAt         int64 `json:"updated_at"`
	PasswordChangedAt int64 `json:"password_changed_at"`
	LastLoginAt       int64 `json:"last_login_at"`
}

// auditState returns a as the trail takes its fingerprint of it.
func auditState(a *Administrator) []byte {
	record := administratorState{
		Username: a.Username, DisplayName: a.DisplayName,
		Access: a.Access, Sections: sortedUnique(a.Sections), Teams: sortedUnique(a.Teams),
		Extensions: a.Extensions.String(), DIDs: a.DIDs.String(),
		Disabled: a.Disabled, SessionEpoch: a.SessionEpoch,
		AuditState: auth.NewAuditState(&a.Credentials),
		CreatedAt:  a.CreatedAt.UnixMicro(), UpdatedAt: a.UpdatedAt.UnixMicro(),
		PasswordChangedAt: a.PasswordChangedAt.UnixMicro(), LastLoginAt: a.LastLoginAt.UnixMicro(),
	}
	text, err := json.Marshal(record)
	if err != nil {
		panic("ampusers: " + err.Error()) // text, numbers and bytes always have a form
	}
	return text
}
