package userman

import (
	"sync/atomic"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/avatar"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Kinds of records in errors and in the audit log. The audit key of a deleted user is
// the ID, because another user may have the username.
const (
	KindUser        = "user"
	KindDeletedUser = "deleted user"
	KindGroup       = "group"
	KindDirectory   = "directory"
	// KindEntry is the kind of the entries of a directory, in errors only.
	KindEntry = "directory entry"
)

// Service manages the users of one team. It enforces all rules. The [Store] only stores
// records. A Service is safe for concurrent use.
type Service struct {
	store         Store
	validator     *validate.Validator
	registry      *permission.Registry
	audit         *audit.Log
	authenticator *auth.Authenticator
	// mailLimiter limits requests for mails by source. It is separate from the limit of
	// logins.
	mailLimiter *ratelimit.Limiter
	// loadScope is nil for an unrestricted service, see [Service.Scoped].
	loadScope ScopeLoader
	// preview collects revocations, see [Service.PreviewRevocations]; else nil.
	preview *revocationPreview
	// shared is the state that all copies of the service share, see [Service.Scoped].
	shared *shared
}

// shared is the state that all copies of a service share, such as background tasks and
// cached groups.
type shared struct {
	// options have the defaults filled in. They are replaced and never changed, see
	// [Service.Reconfigure].
	options    atomic.Pointer[Options]
	background *background
	// mailFault is the error of settings that prevent every mail; nil if there is none.
	mailFault atomic.Pointer[MailSettingsError]
	avatars   *avatar.Renderer
	groups    groupCache
	syncLocks syncLocks
}

func newShared(o *Options) *shared {
	shared := &shared{background: newBackground(), avatars: avatar.NewRenderer()}
	shared.options.Store(o)
	return shared
}

// opts returns the present options. A function that reads one of them twice, such as a
// pointer, keeps the result.
func (s *Service) opts() *Options { return s.shared.options.Load() }
