package credential

import (
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Link is a link that works once: an invitation, a password reset, or the
// activation of a softphone.
type Link struct {
	// UserID is the ID of the user. It is empty for an administrator.
	UserID   store.UserID `json:"user_id,omitempty"`
	Username string       `json:"username"`
	// Token is the secret of the link: 43 letters, digits, dashes and
	// underscores. Only the call that creates the link returns it.
	Token store.Secret `json:"-"`
	// URL is the address of the link. It is zero if Token is zero or if the service
	// does not know its public URL.
	URL store.Secret `json:"-"`
	// ExpiresAt is when the link stops working.
	ExpiresAt time.Time `json:"expires_at"`
}

// LinkExpiredError says that a link was not used and has expired. It matches
// [store.ErrNotFound], as any other link that does not work.
type LinkExpiredError struct{}

func (*LinkExpiredError) Error() string {
	return "this link has expired; ask for a new one"
}

// Is reports whether target is [store.ErrNotFound].
func (*LinkExpiredError) Is(target error) bool { return target == store.ErrNotFound }
