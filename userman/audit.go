package userman

import (
	"context"
	"errors"
	"strings"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// userEvent returns the audit event of an action on a user. A text that is not a
// username may be a password in the wrong field: it is not recorded.
func (s *Service) userEvent(action, username string) audit.Event {
	event := audit.Event{Action: action, Kind: KindUser}
	if name := validUsername(username); name != "" {
		event.Key = s.auditName(name)
	}
	return event
}

// AuditEvent returns the audit event of an operation on the user of that username. It
// has the extensions of the user, also of one out of scope. A program that calls the
// service in a transaction of its own records failures with it, because they are rolled
// back together with the transaction.
func (s *Service) AuditEvent(ctx context.Context, action, username string) audit.Event {
	event := s.userEvent(action, username)
	if u, err := s.lookup(ctx, username); err == nil {
		event.Extensions = u.Extensions()
	}
	return event
}

// AuditExtensions returns the extensions of a user for [audit.Event].Extensions, also
// of a user out of scope or a deleted one. It returns nil if there is no such user. It
// reads in the transaction of ctx.
func (s *Service) AuditExtensions(ctx context.Context, id store.UserID) ([]string, error) {
	u, err := s.lookupID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return u.Extensions(), nil
}

// recordFailure records that an operation on the user of that username failed.
func (s *Service) recordFailure(ctx context.Context, action, username string, err error) {
	s.audit.RecordFailure(ctx, s.AuditEvent(ctx, action, username), err)
}

// setIntentUser names the user in the entry of a denial or failure.
func (s *Service) setIntentUser(r *audit.Recorder, u *User) {
	r.Intent.Kind, r.Intent.Key = s.auditKey(u)
	r.Intent.Extensions = u.Extensions()
}

// validUsername returns a username in stored form, or "" if it is invalid.
func validUsername(name string) string {
	if len(name) > maxText {
		return ""
	}
	if name = username.Normalize(name); !username.Valid(name) {
		return ""
	}
	return name
}

// auditName returns the audit key of a record of this team.
func (s *Service) auditName(name string) string { return audit.TeamKey(s.store.Team(), name) }

// auditKey returns the kind and the audit key of u.
func (s *Service) auditKey(u *User) (kind, key string) {
	if !u.DeletedAt.IsZero() {
		return KindDeletedUser, s.auditName(string(u.ID))
	}
	return KindUser, s.auditName(u.Username)
}

// changeEvents returns the audit events of a change: one event, or two if the audit key
// changes. before is nil for a new user, after for a purged one.
func (s *Service) changeEvents(action string, before, after *User) []audit.Event {
	var events []audit.Event
	var extensions []string
	for _, u := range []*User{before, after} {
		if u != nil {
			extensions = append(extensions, u.Extensions()...)
		}
	}
	if before != nil {
		event := audit.Event{Action: action, Extensions: extensions, Before: s.redact(before), PriorState: auditState(before)}
		event.Kind, event.Key = s.auditKey(before)
		events = append(events, event)
	}
	if after == nil {
		return events
	}
	event := audit.Event{Action: action, Extensions: extensions, After: s.redact(after), State: auditState(after)}
	event.Kind, event.Key = s.auditKey(after)
	if before != nil && events[0].Kind == event.Kind && events[0].Key == event.Key {
		event.Before, event.PriorState = events[0].Before, events[0].PriorState
		events = nil
	}
	return append(events, event)
}

// AuditScope returns a function that reports whether an audit entry about a user, or
// about a record of a user such as an API token, is in the scope of the service, see
// [Service.Scoped]. The scope is that of the transaction of ctx. An entry is in scope if
// the user was in scope both before and after the operation. Entries of other teams are
// out of scope.
func (s *Service) AuditScope(ctx context.Context) (func(e *audit.Entry) bool, error) {
	sc, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	return func(e *audit.Entry) bool { return s.hasAuditKey(e.Key) && extensionsInScope(sc, e.Extensions) }, nil
}

// hasAuditKey reports whether an audit key is of this team.
func (s *Service) hasAuditKey(key string) bool {
	name, ok := strings.CutPrefix(key, s.auditName(""))
	return ok && !strings.Contains(name, "/")
}

// AuditSource returns the users, the groups, the login fields and the records of [Options].Dependents.
// [audit.Log.Verify] compares them with the audit log.
func (s *Service) AuditSource() []audit.RecordSource {
	sources := []audit.RecordSource{
		{Kind: KindUser, Team: s.store.Team(), Each: s.eachUserState(false)},
		{Kind: KindDeletedUser, Team: s.store.Team(), Each: s.eachUserState(true)},
		{Kind: KindGroup, Team: s.store.Team(), Each: s.eachGroupState},
		{Kind: KindLoginNames, Team: s.store.Team(), Each: s.eachLoginFields},
	}
	for _, d := range s.opts().Dependents {
		sources = append(sources, d.AuditSource())
	}
	return sources
}

// visitState is called with the audit key and the state of a record.
type visitState = func(key string, state []byte) error

func (s *Service) eachUserState(deleted bool) func(ctx context.Context, visit visitState) error {
	return func(ctx context.Context, visit visitState) error {
		return s.store.EachUser(ctx, func(u *User) error {
			if u.DeletedAt.IsZero() == deleted {
				return nil
			}
			_, key := s.auditKey(u)
			return visit(key, auditState(u))
		})
	}
}

func (s *Service) eachGroupState(ctx context.Context, visit visitState) error {
	groups, _, err := s.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := visit(s.auditName(g.Name), groupAuditState(g)); err != nil {
			return err
		}
	}
	return nil
}

// userState is everything that is stored of a user, in a form that is equal for equal
// records only. Zero fields are left out, so that a field can be added. Every write is
// recorded, so nothing else is left out. Times are microseconds, as the store keeps
// them.
type userState struct {
	ID          store.UserID           `json:"id,omitempty"`
	Fields      map[string]any         `json:"fields,omitempty"`
	Groups      []string               `json:"groups,omitempty"`
	Permissions permission.Permissions `json:"permissions,omitempty"`
	Directory   string                 `json:"directory,omitempty"`
	Picture     string                 `json:"picture,omitempty"`

	auth.AuditState

	EmailCreator string     `json:"email_creator,omitempty"`
	Activation   *linkState `json:"activation,omitempty"`
	SessionEpoch int64      `json:"session_epoch,omitempty"`

	CreatedAt         int64 `json:"created_at,omitempty"`
	UpdatedAt         int64 `json:"updated_at,omitempty"`
	PasswordChangedAt int64 `json:"password_changed_at,omitempty"`
	LastLoginAt       int64 `json:"last_login_at,omitempty"`
	WelcomedAt        int64 `json:"welcomed_at,omitempty"`
	MissingSince      int64 `json:"missing_since,omitempty"`
	DeletedAt         int64 `json:"deleted_at,omitempty"`
}

type linkState struct {
	TokenHash []byte `json:"token_hash"`
	ExpiresAt int64  `json:"expires_at"`
	Creator   string `json:"creator,omitempty"`
}

// auditState returns u for [audit.Event].State.
func auditState(u *User) []byte {
	return audit.MarshalState(userState{
		ID: u.ID, Fields: Fields().Snapshot(u), Groups: u.Groups, Permissions: u.Permissions, Directory: u.Directory, Picture: u.Picture,
		AuditState: auth.NewAuditState(&u.Credentials), EmailCreator: u.EmailCreator.String(), Activation: newLinkState(u.Activation), SessionEpoch: u.SessionEpoch,
		CreatedAt: audit.StateTime(u.CreatedAt), UpdatedAt: audit.StateTime(u.UpdatedAt),
		PasswordChangedAt: audit.StateTime(u.PasswordChangedAt), LastLoginAt: audit.StateTime(u.LastLoginAt),
		WelcomedAt:   audit.StateTime(u.WelcomedAt),
		MissingSince: audit.StateTime(u.MissingSince), DeletedAt: audit.StateTime(u.DeletedAt),
	})
}

func newLinkState(link *credential.OneTimeToken) *linkState {
	if link == nil {
		return nil
	}
	return &linkState{link.TokenHash, audit.StateTime(link.ExpiresAt), link.Creator.String()}
}

// groupAuditState returns g for [audit.Event].State. Memberships are in the state of
// each user.
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
