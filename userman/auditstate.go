package userman

import (
	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// userState is all that is kept of a person, in a form that is equal for equal
// records only; what holds nothing is left out, so that a field may be added.
// Every write is in the trail, so nothing else has to be left out. Times are
// microseconds, as the store keeps them.
type userState struct {
	ID          string                 `json:"id,omitempty"`
	Fields      map[string]any         `json:"fields,omitempty"`
	Groups      []string               `json:"groups,omitempty"`
	Permissions permission.Permissions `json:"permissions,omitempty"`
	Directory   string                 `json:"directory,omitempty"`
	Picture     string                 `json:"picture,omitempty"`

	auth.AuditState

	Activation   *linkState `json:"activation,omitempty"`
	SessionEpoch int64      `json:"session_epoch,omitempty"`

	CreatedAt         int64 `json:"created_at,omitempty"`
	UpdatedAt         int64 `json:"updated_at,omitempty"`
	PasswordChangedAt int64 `json:"password_changed_at,omitempty"`
	LastLoginAt       int64 `json:"last_login_at,omitempty"`
	WelcomedAt        int64 `json:"welcomed_at,omitempty"`
	WelcomeStartedAt  int64 `json:"welcome_started_at,omitempty"`
	MissingSince      int64 `json:"missing_since,omitempty"`
	DeletedAt         int64 `json:"deleted_at,omitempty"`
}

type linkState struct {
	TokenHash []byte `json:"token_hash"`
	ExpiresAt int64  `json:"expires_at"`
}

// auditState returns u as the trail takes its fingerprint of it.
func auditState(u *User) []byte {
	return audit.MarshalState(userState{
		ID: u.ID, Fields: Fields().Snapshot(u), Groups: u.Groups, Permissions: u.Permissions, Directory: u.Directory, Picture: u.Picture,
		AuditState: auth.NewAuditState(&u.Credentials), Activation: newLinkState(u.Activation), SessionEpoch: u.SessionEpoch,
		CreatedAt: audit.StateTime(u.CreatedAt), UpdatedAt: audit.StateTime(u.UpdatedAt),
		PasswordChangedAt: audit.StateTime(u.PasswordChangedAt), LastLoginAt: audit.StateTime(u.LastLoginAt),
		WelcomedAt: audit.StateTime(u.WelcomedAt), WelcomeStartedAt: audit.StateTime(u.WelcomeStartedAt),
		MissingSince: audit.StateTime(u.MissingSince), DeletedAt: audit.StateTime(u.DeletedAt),
	})
}

func newLinkState(link *credential.OneTimeToken) *linkState {
	if link == nil {
		return nil
	}
	return &linkState{link.TokenHash, audit.StateTime(link.ExpiresAt)}
}

// groupAuditState returns g as the trail takes its fingerprint of it. Who is in it
// is sealed with each person.
func groupAuditState(g *Group) []byte {
	return audit.MarshalState(struct {
		Name        string                 `json:"name,omitempty"`
		Description string                 `json:"description,omitempty"`
		Priority    int                    `json:"priority,omitempty"`
		Default     bool                   `json:"default,omitempty"`
		Permissions permission.Permissions `json:"permissions,omitempty"`
		Directory   string                 `json:"directory,omitempty"`
		CreatedAt   int64                  `json:"created_at,omitempty"`
		UpdatedAt   int64                  `json:"updated_at,omitempty"`
	}{g.Name, g.Description, g.Priority, g.Default, g.Permissions, g.Directory, audit.StateTime(g.CreatedAt), audit.StateTime(g.UpdatedAt)})
}
