package userman

import (
	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// What records are called in refusals and in the audit trail. The key of a
// deleted person in the trail is the ID, because the username is free for
// others; that of other people is the username.
const (
	KindUser        = "user"
	KindDeletedUser = "deleted user"
	KindGroup       = "group"
	KindDirectory   = "directory"
)

// Service keeps the people of one team. All rules are here; the [Store] only
// persists. It may be used from many goroutines.
type Service struct {
	store         Store
	opts          Options // with the defaults filled in
	validator     *validate.Validator
	registry      *permission.Registry
	audit         *audit.Log
	authenticator *auth.Authenticator
	// mailLimiter counts those who ask for links by mail, apart from logins.
	mailLimiter *ratelimit.Limiter
	// loadScope is nil for an unrestricted service, see [Service.Scoped].
	loadScope ScopeLoader
	// shared is what copies of the service (see Within) have in common.
	shared *shared
}
