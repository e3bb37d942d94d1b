package ampusers

import (
	"encoding/json"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store/audit"
)

// administratorState is everything that is stored of an administrator, in a form
// that is equal only for equal records. The audit log has every write, so that a
// device, a recovery code or a login that was added in the database is found. A
// field that is added later must be omitted when it is zero: older records would
// not match their entries otherwise.
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

	// Times are in microseconds, as in the store.
	CreatedAt         int64 `json:"created_at"`
	UpdatedAt         int64 `json:"updated_at"`
	PasswordChangedAt int64 `json:"password_changed_at"`
	LastLoginAt       int64 `json:"last_login_at"`

	CredentialsRevokedAt int64 `json:"credentials_revoked_at,omitempty"`
}

// auditState returns the state of a for its fingerprint in the audit log.
func auditState(a *Administrator) []byte {
	record := administratorState{
		Username: a.Username, DisplayName: a.DisplayName,
		Access: a.Access, Sections: sortedUnique(a.Sections), Teams: sortedUnique(a.Teams),
		Extensions: a.Extensions.String(), DIDs: a.DIDs.String(),
		Disabled: a.Disabled, SessionEpoch: a.SessionEpoch,
		AuditState: auth.NewAuditState(&a.Credentials),
		CreatedAt:  a.CreatedAt.UnixMicro(), UpdatedAt: a.UpdatedAt.UnixMicro(),
		PasswordChangedAt: a.PasswordChangedAt.UnixMicro(), LastLoginAt: a.LastLoginAt.UnixMicro(),
		CredentialsRevokedAt: audit.StateTime(a.CredentialsRevokedAt),
	}
	text, err := json.Marshal(record)
	if err != nil {
		panic("ampusers: " + err.Error()) // text, numbers and bytes can always be encoded
	}
	return text
}
