package userman

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// References returns the records that refer to the user.
func (s *Service) References(ctx context.Context, username string) ([]store.Reference, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	return s.listReferences(ctx, u)
}

// listReferences returns the records that refer to u.
func (s *Service) listReferences(ctx context.Context, u *User) ([]store.Reference, error) {
	all := []store.Reference{}
	for _, find := range s.opts().References {
		found, err := find(ctx, s.redact(u))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// Delete deletes the user. [Service.Restore] can restore the user. Delete ends all
// sessions and invalidates all links. The password and the API tokens work again after a
// restore, not before. Other users can then have the username and the default extension.
// If records refer to the user, Delete returns an error wrapping [store.ErrInUse]. This
// error lists the references.
func (s *Service) Delete(ctx context.Context, username string) error {
	_, err := s.mutate(ctx, "delete", username, s.softDelete)
	return err
}

// softDelete marks u as deleted unless a record refers to u.
func (s *Service) softDelete(ctx context.Context, u *User) error {
	if err := s.requireUnreferenced(ctx, u); err != nil {
		return err
	}
	u.DeletedAt = s.now()
	u.Credentials.Invitation, u.Activation = nil, nil
	u.endSessions()
	return nil
}

// requireUnreferenced returns an error wrapping ErrInUse if a record refers to u.
func (s *Service) requireUnreferenced(ctx context.Context, u *User) error {
	references, err := s.listReferences(ctx, u)
	if err == nil && len(references) > 0 {
		return &store.InUseError{Kind: KindUser, References: references}
	}
	return err
}

// Restore undoes [Service.Delete]. If change is not nil, it edits the restored record
// as [Service.Update] does. Restore returns an error wrapping [store.ErrAlreadyExists]
// if another user has the username or the default extension. It returns an error
// wrapping [store.ErrConflict] if the user is not deleted.
func (s *Service) Restore(ctx context.Context, id store.UserID, change func(*User) error) (*User, error) {
	intent := audit.Event{Action: "restore", Kind: KindDeletedUser}
	find := func(ctx context.Context) (*User, error) { return s.findDeleted(ctx, id) }
	return s.mutateFound(ctx, intent, find, func(ctx context.Context, u *User) error {
		if change != nil {
			if err := s.applyEdit(ctx, u, change); err != nil {
				return err
			}
		}
		u.DeletedAt = time.Time{}
		if !u.MissingSince.IsZero() {
			u.MissingSince = s.now() // or the next sync would delete them again
		}
		return nil
	})
}

// findDeleted reads a deleted user.
func (s *Service) findDeleted(ctx context.Context, id store.UserID) (*User, error) {
	u, err := s.findAny(ctx, id)
	if err == nil && u.DeletedAt.IsZero() {
		return nil, &store.ConflictError{Reason: "this user is not deleted; only deleted users can be restored or purged"}
	}
	return u, err
}

// Purge permanently removes a deleted user with the user's API tokens and picture. It
// returns an error wrapping [store.ErrConflict] if the user is not deleted.
func (s *Service) Purge(ctx context.Context, id store.UserID) error {
	const action = "purge"
	var purged *User
	intent := audit.Event{Action: action, Kind: KindDeletedUser}
	err := s.audit.Do(ctx, s.store, intent, func(ctx context.Context, r *audit.Recorder) error {
		u, err := s.findDeleted(ctx, id)
		if u != nil {
			s.setIntentUser(r, u)
		}
		if err != nil {
			return err
		}
		purged = u
		if err := s.eachDependents(func(d Dependents) error { return d.RecordPurge(ctx, r, u) }); err != nil {
			return err
		}
		if err := s.store.DeleteUser(ctx, id); err != nil {
			return err
		}
		return recordAll(ctx, r, s.changeEvents(action, u, nil))
	})
	if err == nil {
		s.logUser(ctx, action, purged)
	}
	return err
}

// Dependents holds records of another package that belong to users, such as API tokens.
// [Service] calls the methods in its own transactions, regardless of the scope of the
// administrator. Each method records its changes with the recorder.
type Dependents interface {
	// Disable disables the records of a user. [Service.SetPassword] calls it if
	// [PasswordOptions].DisableTokens is set.
	Disable(ctx context.Context, r *audit.Recorder, u *User) error
	// RevokeKeys revokes the keys of the records of a user whose creators are revoked,
	// and returns their number. A grant to the user calls it, see [Service.Update], and an
	// [Adoption] by a successor.
	RevokeKeys(ctx context.Context, r *audit.Recorder, u *User, revoked func(credential.Creator) (bool, error)) (int, error)
	// RecordPurge records the deletion of the records of a user. The store deletes
	// them together with the user.
	RecordPurge(ctx context.Context, r *audit.Recorder, u *User) error
	// RemoveExtension removes a deleted extension from all records. If the removal
	// would give a record more access, the method disables the record instead. ownedBy
	// returns the extensions of a user for [audit.Event].Extensions.
	RemoveExtension(ctx context.Context, r *audit.Recorder, number string, ownedBy ExtensionLookup) error
	// RenumberExtensions replaces extensions by their new numbers in all records, see
	// [Service.RenumberExtensions].
	RenumberExtensions(ctx context.Context, r *audit.Recorder, numbers map[string]string, ownedBy ExtensionLookup) error
	// AuditSource returns the records for [audit.Log.Verify].
	AuditSource() audit.RecordSource
}

// ExtensionLookup returns the extensions of a user in the transaction of ctx.
type ExtensionLookup func(ctx context.Context, userID store.UserID) ([]string, error)

// eachDependents calls visit for all dependents and stops at the first error.
func (s *Service) eachDependents(visit func(Dependents) error) error {
	for _, d := range s.opts().Dependents {
		if err := visit(d); err != nil {
			return err
		}
	}
	return nil
}
