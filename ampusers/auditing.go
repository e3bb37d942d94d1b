package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/store/audit"
)

// event begins an entry of the trail. What is no username may be a password in
// the wrong field: it is not kept.
func event(action, username string) audit.Event {
	return audit.Event{Action: action, Kind: kind, Key: usernameOrNone(username)}
}

// usernameOrNone returns what somebody typed as a username is kept, or "" when
// it can be none.
func usernameOrNone(typed string) string {
	if len(typed) > maxText {
		return ""
	}
	if typed = loginname.Normalise(typed); !loginname.Valid(typed) {
		return ""
	}
	return typed
}

// AuditRecords are the administrators, for [audit.Trail.Verify].
func (s *Service) AuditRecords() audit.Records {
	return audit.Records{Kind: kind, Each: func(ctx context.Context, visit func(key string, sealed []byte) error) error {
		return s.store.EachAdministrator(ctx, func(a *Administrator) error { return visit(a.Username, sealed(a)) })
	}}
}
