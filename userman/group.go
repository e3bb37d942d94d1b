package userman

import (
	"cmp"
	"context"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Bounds of groups.
const (
	// MaxGroupNameLength counts characters.
	MaxGroupNameLength = 100
	// MaxGroups is the largest number of groups of a team.
	MaxGroups = 1000
	// DefaultPriority is the priority of a group whose Priority is 0.
	DefaultPriority = 100
)

// Group gives its members permissions.
type Group struct {
	// Name is 1 to 100 characters on one line, such as "Sales". It is unique, ignoring
	// case, and never changes.
	Name string `json:"name"`
	// Description is free text.
	Description string `json:"description"`
	// Priority is 1 to 10 000; 0 means [DefaultPriority]. If several groups set a
	// permission, the group with the lowest Priority applies. Among equal priorities,
	// the first name applies.
	Priority int `json:"priority"`
	// Default makes new users members, see [NewUser].NoDefaultGroups.
	Default bool `json:"default"`
	// Permissions are the permissions that the group sets.
	Permissions permission.Permissions `json:"permissions"`
	// Directory is the name of the directory that the group comes from. It is empty for
	// a local group. [Service.Sync] sets it.
	Directory string `json:"directory"`

	// Members is the number of members. The service sets it. A backend does not store
	// it.
	Members int `json:"members"`

	// The service sets the times, in UTC with microsecond precision.
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Clone returns a deep copy of g.
func (g *Group) Clone() *Group {
	c := *g
	c.Permissions = maps.Clone(g.Permissions) // a Value never changes
	return &c
}

// withMembers returns a copy of g with that number of members.
func (g *Group) withMembers(members int) *Group {
	c := g.Clone()
	if c.Members = members; c.Permissions == nil {
		c.Permissions = permission.Permissions{}
	}
	return c
}

// normalize brings input into the form in which it is stored.
func (g *Group) normalize() *Group {
	GroupFields().Normalize(g, normalizeField)
	g.Priority = cmp.Or(g.Priority, DefaultPriority)
	return g
}

// validateGroup returns every error in a normalized group. known are its permissions
// before.
func (s *Service) validateGroup(g *Group, previous permission.Permissions) []store.FieldError {
	errs := GroupFields().Validate(g, s.validator.Var)
	if len(errs) == 0 && !strings.ContainsFunc(g.Name, isNameRune) {
		errs = append(errs, store.FieldError{Field: "name", Code: store.CodeLetter, Message: "a name needs a letter or a digit"})
	}
	return append(errs, s.registry.Validate(g.Permissions, previous)...)
}

func isNameRune(r rune) bool { return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !isInvisible(r) }

// groupEvent returns the audit event of an action on a group. A text that is not the
// name of a group is not recorded.
func (s *Service) groupEvent(action, name string) audit.Event {
	event := audit.Event{Action: action, Kind: KindGroup}
	if name = validGroupName(name); name != "" {
		event.Key = s.auditName(name)
	}
	return event
}

// validGroupName returns the name of a group in stored form, or "" if it is invalid.
func validGroupName(name string) string {
	if len(name) > maxText {
		return ""
	}
	name = normalizeText(name)
	if utf8.RuneCountInString(name) > MaxGroupNameLength || !validate.PlainLine().Valid(name) {
		return ""
	}
	return name
}

// MemberImpact is the effect of deleting a group on a member.
type MemberImpact struct {
	Username string `json:"username"`
	// Changes lists the permissions whose effective value changes, sorted by ID. It is
	// empty if other groups or the user's own permissions give the same values.
	Changes []PermissionChange `json:"changes"`
}

// PermissionChange is a changed permission. The values are formatted by
// [permission.EffectiveSet.Format].
type PermissionChange struct {
	Permission string `json:"permission"`
	Before     string `json:"before"`
	After      string `json:"after"`
}

// GroupImpact is the effect of deleting a group on its members.
type GroupImpact struct {
	// Items has the first members, sorted by username. Total is the number of all
	// members.
	Items []MemberImpact `json:"items"`
	Total int            `json:"total"`
	// Revocations are the members whose credentials the deletion revokes. There are none
	// for a scoped service, which cannot delete the group.
	Revocations *Revocations `json:"revocations"`
}

// PreviewDelete returns the effect of deleting a group on its members. It names the
// first limit members and the first limit revocations. Do not call it in a transaction,
// see [Service.PreviewRevocations].
func (gs *GroupService) PreviewDelete(ctx context.Context, name string, limit int) (*GroupImpact, error) {
	g, err := gs.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	impact := &GroupImpact{Total: g.Members, Revocations: &Revocations{Items: []Revocation{}}}
	if impact.Items, err = gs.previewMembers(ctx, g.Name, limit); err != nil {
		return nil, err
	}
	sc, err := gs.s.scope(ctx)
	if err == nil && sc.IsUnrestricted() {
		impact.Revocations, err = gs.s.PreviewRevocations(ctx, limit, func(ctx context.Context, s *Service) error {
			return s.Groups().Delete(ctx, g.Name, true)
		})
	}
	if err != nil {
		return nil, err
	}
	return impact, nil
}

// previewMembers returns the effect of deleting a group on its first limit members.
func (gs *GroupService) previewMembers(ctx context.Context, group string, limit int) ([]MemberImpact, error) {
	resolver, err := gs.s.permissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	impact := []MemberImpact{}
	for q := (Query{Group: group}); len(impact) < limit; {
		q.Limit = min(limit-len(impact), store.MaxPageLimit)
		list, err := gs.s.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, u := range list.Items {
			impact = append(impact, gs.s.previewMember(resolver, u, group))
		}
		if q.After = list.Next; q.After == "" {
			break
		}
	}
	return impact, nil
}

// previewMember returns the effect on u.
func (s *Service) previewMember(resolver *permission.Resolver, u *User, group string) MemberImpact {
	nonMember := u.Clone()
	leaveGroup(nonMember, group)
	before, after := resolver.For(u.PermissionSubject()), resolver.For(nonMember.PermissionSubject())
	impact := MemberImpact{Username: u.Username, Changes: []PermissionChange{}}
	for _, p := range s.Permissions() {
		change := PermissionChange{Permission: p.ID, Before: before.Format(p.ID), After: after.Format(p.ID)}
		if change.Before != change.After {
			impact.Changes = append(impact.Changes, change)
		}
	}
	return impact
}
