package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/store/audit"
)

// event begins an entry of the trail about somebody called username. What is no
// username may be a password in the wrong field: it is not kept.
func (s *Service) event(action, username string) audit.Event {
	event := audit.Event{Action: action, Kind: PersonRecord}
	if name := usernameOrNone(username); name != "" {
		event.Key = s.inTeam(name)
	}
	return event
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

// inTeam returns a name of this team as it stands in the trail, which is that
// of all teams.
func (s *Service) inTeam(name string) string {
	if team := s.store.Team(); team != "" {
		return team + "/" + name
	}
	return name
}

// trailKey returns what u is called in the trail.
func (s *Service) trailKey(u *User) (of, key string) {
	if !u.DeletedAt.IsZero() {
		return DeletedPersonRecord, s.inTeam(u.ID)
	}
	return PersonRecord, s.inTeam(u.Username)
}

// changed returns what the trail is told of a change: that the record under the
// old key is gone, and the new one there, when the key is another one. before
// is nil of a new person, after of one who is gone for good.
func (s *Service) changed(action string, before, after *User) []audit.Event {
	var events []audit.Event
	if before != nil {
		event := audit.Event{Action: action, Before: s.show(before), SealedBefore: sealed(before)}
		event.Kind, event.Key = s.trailKey(before)
		events = append(events, event)
	}
	if after == nil {
		return events
	}
	event := audit.Event{Action: action, After: s.show(after), Sealed: sealed(after)}
	event.Kind, event.Key = s.trailKey(after)
	if before != nil && events[0].Kind == event.Kind && events[0].Key == event.Key {
		event.Before, event.SealedBefore = events[0].Before, events[0].SealedBefore
		events = nil
	}
	return append(events, event)
}

// AuditRecords are the people, groups and tokens, for [audit.Trail.Verify].
func (s *Service) AuditRecords() []audit.Records {
	return []audit.Records{
		{Kind: PersonRecord, Each: s.sealedPeople(false)},
		{Kind: DeletedPersonRecord, Each: s.sealedPeople(true)},
		{Kind: GroupRecord, Each: s.sealedGroups},
		{Kind: TokenRecord, Each: s.sealedTokens},
	}
}

// visitSealed is called with the key of a record and all that it holds.
type visitSealed = func(key string, sealed []byte) error

func (s *Service) sealedPeople(deleted bool) func(ctx context.Context, visit visitSealed) error {
	return func(ctx context.Context, visit visitSealed) error {
		return s.store.EachUser(ctx, func(u *User) error {
			if u.DeletedAt.IsZero() == deleted {
				return nil
			}
			_, key := s.trailKey(u)
			return visit(key, sealed(u))
		})
	}
}

func (s *Service) sealedGroups(ctx context.Context, visit visitSealed) error {
	groups, _, err := s.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := visit(s.inTeam(g.Name), sealedGroup(g)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) sealedTokens(ctx context.Context, visit visitSealed) error {
	return s.eachToken(ctx, "", func(t *Token) error { return visit(s.inTeam(t.ID), sealedToken(t)) })
}
