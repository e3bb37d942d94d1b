package mailqueue

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// Store stores the mails of the users of one team: one of each kind for each user.
// Mails of other teams are never returned or changed. Deleting a user permanently
// deletes the user's mails too.
type Store interface {
	// PutMail adds m, or replaces the mail of this kind to this user. It returns a
	// [store.NotFoundError] if there is no such user.
	PutMail(ctx context.Context, m *Mail) error
	// Mails returns the mails to a user, sorted by kind. The list is empty rather than
	// nil. There is no error if there is no such user.
	Mails(ctx context.Context, userID store.UserID) ([]*Mail, error)
	// NextMail returns the mail with the earliest NextAttemptAt, or a
	// [store.NotFoundError] if no mail waits. Among equal times, it returns the first
	// one by user ID and kind.
	NextMail(ctx context.Context) (*Mail, error)
	// DeleteMail deletes the mail of this kind to this user. There is no error if there
	// is none.
	DeleteMail(ctx context.Context, userID store.UserID, kind usermail.Kind) error
}
