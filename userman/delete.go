package userman

import (
	"context"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// References returns the records that refer to the person.
func (s *Service) References(ctx context.Context, username string) ([]store.Reference, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	return s.references(ctx, u)
}

// references asks everybody who may refer to u.
func (s *Service) references(ctx context.Context, u *User) ([]store.Reference, error) {
	all := []store.Reference{}
	for _, ask := range s.opts.References {
		found, err := ask(ctx, s.show(u))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// Delete sets the person aside: gone everywhere, but to [Service.Restore]. All
// sessions and links end, tokens do not work, and username and default
// extension are free for others. While records refer to the person it is
// refused with a [store.InUseError] that lists them.
func (s *Service) Delete(ctx context.Context, username string) error {
	_, err := s.act(ctx, "delete", username, s.setAside)
	return err
}

// setAside makes u a deleted person, unless something refers to them.
func (s *Service) setAside(ctx context.Context, u *User) error {
	if err := s.unreferenced(ctx, u); err != nil {
		return err
	}
	u.DeletedAt = s.now()
	u.Credentials.Invitation, u.Activation = nil, nil
	u.endSessions()
	return nil
}

// unreferenced refuses to delete somebody to whom records refer.
func (s *Service) unreferenced(ctx context.Context, u *User) error {
	references, err := s.references(ctx, u)
	if err == nil && len(references) > 0 {
		return &store.InUseError{Kind: PersonRecord, References: references}
	}
	return err
}

// Restore undoes [Service.Delete]. A [store.ExistsError] when somebody else has
// the username or the default extension by now: rename them, or give change to
// edit the restored record as [Service.Update] does; nil edits nothing. A
// [store.ConflictError] for somebody who was not deleted.
func (s *Service) Restore(ctx context.Context, id string, change func(*User) error) (*User, error) {
	intent := audit.Event{Action: "restore", Kind: DeletedPersonRecord}
	find := func(ctx context.Context) (*User, error) { return s.deleted(ctx, id) }
	return s.change(ctx, intent, find, func(ctx context.Context, u *User) error {
		if change != nil {
			if err := s.edit(ctx, u, change); err != nil {
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

// deleted reads somebody who was deleted.
func (s *Service) deleted(ctx context.Context, id string) (*User, error) {
	u, err := s.anybody(ctx, id)
	if err == nil && u.DeletedAt.IsZero() {
		return nil, &store.ConflictError{Reason: "this person is not deleted; only deleted people can be restored or purged"}
	}
	return u, err
}

// Purge removes a person for good who was deleted before, with tokens and
// picture. A [store.ConflictError] for one who was not.
func (s *Service) Purge(ctx context.Context, id string) error {
	const action = "purge"
	var gone *User
	intent := audit.Event{Action: action, Kind: DeletedPersonRecord}
	err := s.once(ctx, intent, func(ctx context.Context, intent *audit.Event) ([]audit.Event, error) {
		u, err := s.deleted(ctx, id)
		if err != nil {
			return nil, err
		}
		gone = u
		intent.Kind, intent.Key = s.trailKey(u)
		tokens, err := s.tokensGone(ctx, action, u)
		if err != nil {
			return nil, err
		}
		return slices.Concat(tokens, s.changed(action, u, nil)), s.store.DeleteUser(ctx, id)
	})
	if err == nil {
		s.log(ctx, action, gone)
	}
	return err
}

// tokensGone returns what the trail is told of the tokens that go with u.
func (s *Service) tokensGone(ctx context.Context, action string, u *User) ([]audit.Event, error) {
	list, err := s.store.ListTokens(ctx, u.ID, store.Page{Limit: store.MaxPageLimit})
	if err != nil {
		return nil, err
	}
	events := make([]audit.Event, len(list.Items))
	for i, t := range list.Items {
		events[i] = audit.Event{Action: action, Kind: TokenRecord, Key: s.inTeam(t.ID), Before: showToken(t), SealedBefore: sealedToken(t)}
	}
	return events, nil
}
