package main

import (
	"context"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// administratorEvent is an act on an administrator as the audit trail calls it.
func administratorEvent(ctx context.Context, s *app.App, action, username string) audit.Event {
	act := audit.Event{Action: action, Kind: s.Administrators.AuditSource().Kind, Key: auditableName(username)}
	if admin, err := s.Administrators.Get(ctx, username); err == nil {
		act.Key = admin.Username
	}
	return act
}

// amiAccountEvent is an act on an AMI account as the audit trail calls it.
func amiAccountEvent(ctx context.Context, s *app.App, action, name string) audit.Event {
	act := audit.Event{Action: action, Kind: s.AMIAccounts.AuditSource().Kind, Key: auditableName(name)}
	if u, err := s.AMIAccounts.Get(ctx, name); err == nil {
		act.Key = u.Name
	}
	return act
}

// userEvent is an act on a person as the audit trail calls it.
func userEvent(ctx context.Context, s *app.App, action, username string) audit.Event {
	act := audit.Event{Action: action, Kind: userman.KindUser, Key: auditableName(username)}
	if u, err := s.Users.Get(ctx, username); err == nil {
		act.Key = u.Username
	}
	return act
}

// groupEvent is an act on a group as the audit trail calls it. What is no group
// is not named: it may be a secret in the wrong place.
func groupEvent(ctx context.Context, s *app.App, action, name string) audit.Event {
	act := audit.Event{Action: action, Kind: userman.KindGroup}
	if g, err := s.Users.Group(ctx, name); err == nil {
		act.Key = g.Name
	}
	return act
}

// tokenEvent is an act on an API token as the audit trail calls it.
func tokenEvent(ctx context.Context, s *app.App, action, id string) audit.Event {
	act := audit.Event{Action: action, Kind: userman.KindToken}
	if t, err := s.Users.Token(ctx, id); err == nil {
		act.Key = t.ID
	}
	return act
}

// auditableName returns a name that was given, or "" when it can be none: it may
// be a secret in the wrong place.
func auditableName(given string) string {
	if name := username.Normalize(given); username.Valid(name) {
		return name
	}
	return ""
}
