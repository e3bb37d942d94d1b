package userman

import (
	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/avatar"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Kinds of records in errors and in the audit log. The audit key of a deleted user is
// the ID, because the username is free for others.
const (
	KindUser        = "user"
	KindDeletedUser = "deleted user"
	KindGroup       = "group"
	KindDirectory   = "directory"
)

// Service manages the users of one team. It has all rules; the [Store] only persists.
// It may be used from many goroutines.
type Service struct {
	store         Store
	opts          Options // with the defaults filled in
	validator     *validate.Validator
	registry      *permission.Registry
	audit         *audit.Log
	authenticator *auth.Authenticator
	// mailLimiter limits requests for mails by source. It is separate from the limit of
	// logins.
	mailLimiter *ratelimit.Limiter
	// loadScope is nil for an unrestricted service, see [Service.Scoped].
	loadScope ScopeLoader
	// shared is the state that all copies of the service share, see [Service.Scoped].
	shared *shared
}

// shared is what copies of a service have in common: the work in the
// background, and the groups that were read.
type shared struct {
	background *background
	avatars    *avatar.Renderer
	groups     groupCache
	syncLocks  syncLocks
}

func newShared() *shared {
	return &shared{background: newBackground(), avatars: avatar.NewRenderer()}
}
