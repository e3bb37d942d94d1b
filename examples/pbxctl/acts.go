package main

import (
	"context"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// onAdministrator is an act on an administrator as the audit trail calls it.
func onAdministrator(ctx context.Context, s *site.Site, action, username string) audit.Event {
	act := audit.Event{Action: action, Kind: s.Administrators.AuditRecords().Kind, Key: nameOrNone(username)}
	if one, err := s.Administrators.Get(ctx, username); err == nil {
		act.Key = one.Username
	}
	return act
}

// onAccount is an act on an AMI account as the audit trail calls it.
func onAccount(ctx context.Context, s *site.Site, action, name string) audit.Event {
	act := audit.Event{Action: action, Kind: s.Managers.AuditRecords().Kind, Key: nameOrNone(name)}
	if u, err := s.Managers.Get(ctx, name); err == nil {
		act.Key = u.Name
	}
	return act
}

// onPerson is an act on a person as the audit trail calls it.
func onPerson(ctx context.Context, s *site.Site, action, username string) audit.Event {
	act := audit.Event{Action: action, Kind: userman.PersonRecord, Key: nameOrNone(username)}
	if u, err := s.People.Get(ctx, username); err == nil {
		act.Key = u.Username
	}
	return act
}

// onGroup is an act on a group as the audit trail calls it. What is no group
// is not named: it may be a secret in the wrong place.
func onGroup(ctx context.Context, s *site.Site, action, name string) audit.Event {
	act := audit.Event{Action: action, Kind: userman.GroupRecord}
	if g, err := s.People.Group(ctx, name); err == nil {
		act.Key = g.Name
	}
	return act
}

// onToken is an act on an API token as the audit trail calls it.
func onToken(ctx context.Context, s *site.Site, action, id string) audit.Event {
	act := audit.Event{Action: action, Kind: userman.TokenRecord}
	if t, err := s.People.Token(ctx, id); err == nil {
		act.Key = t.ID
	}
	return act
}

// nameOrNone returns a name that was given, or "" when it can be none: it may
// be a secret in the wrong place.
func nameOrNone(given string) string {
	if name := loginname.Normalise(given); loginname.Valid(name) {
		return name
	}
	return ""
}
