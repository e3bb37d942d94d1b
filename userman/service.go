package userman

import (
	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store/audit"
)

// kind, kindDeleted, kindGroup and kindToken are what records are called in
// refusals and in the audit trail. A deleted person's key in the trail is the
// ID, because the username is free for others; that of others is the username.
const (
	kind        = "person"
	kindDeleted = "deleted person"
	kindGroup   = "group"
	kindToken   = "API token"
)

// Service keeps the people of one team. All rules are here; the [Store] only
// persists. It may be used from many goroutines.
type Service struct {
	store    Store
	opts     Options // with the defaults filled in
	rules    *validate.Validator
	registry *registry
	trail    *audit.Trail
	policy   passwords.Policy
	hasher   *passwords.Hasher
	throttle *throttle.Throttle
	desk     *login.Desk
	// requests counts those who ask for links by mail, apart from logins.
	requests *throttle.Throttle
	// reaches is nil when everything is reached, see [Service.Within].
	reaches func(extension string) bool
	// shared is what copies of the service (see Within) have in common.
	shared *shared
}
