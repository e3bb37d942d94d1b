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
	// MaxGroupNameLength is counted in characters.
	MaxGroupNameLength = 100
	// MaxGroups is how many groups a team may have.
	MaxGroups = 1000
	// DefaultPriority is that of a group unless given.
	DefaultPriority = 100
)

// Group gives all its members the same permissions.
type Group struct {
	// Name is 1 to 100 characters of one line, such as "Sales"; unique
	// without regard to case, and it never changes.
	Name string `json:"name"`
	// Description is for people.
	Description string `json:"description"`
	// Priority is 1 to 10 000, [DefaultPriority] unless given (0). Of the
	// groups that say something about a permission the one with the least
	// number counts; equal ones are in the order of their names.
	Priority int `json:"priority"`
	// Default puts new people into this group, on whatever way they come in,
	// unless the call says which groups they are in.
	Default bool `json:"default"`
	// Permissions are what the group says.
	Permissions permission.Permissions `json:"permissions"`
	// Directory names the directory that the group comes from; empty for one
	// that is kept here. [Service.Sync] sets it.
	Directory string `json:"directory"`

	// Members is how many people are in it; the service sets it in whatever
	// it returns, and a backend does not keep it.
	Members int `json:"members"`

	// The times are UTC with microseconds; the service sets them.
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Clone returns a copy that shares nothing with g.
func (g *Group) Clone() *Group {
	c := *g
	c.Permissions = maps.Clone(g.Permissions) // a Value never changes
	return &c
}

// withMembers returns a copy of g as it leaves the service, with that many members.
func (g *Group) withMembers(members int) *Group {
	c := g.Clone()
	if c.Members = members; c.Permissions == nil {
		c.Permissions = permission.Permissions{}
	}
	return c
}

// normalize brings what people write into the form in which it is kept.
func (g *Group) normalize() *Group {
	GroupFields().Normalize(g, normalizeField)
	g.Priority = cmp.Or(g.Priority, DefaultPriority)
	return g
}

// validateGroup returns everything that is wrong with g, which is cleaned; known is
// what it said of permissions before.
func (s *Service) validateGroup(g *Group, previous permission.Permissions) []store.FieldError {
	errs := GroupFields().Validate(g, s.validator.Var)
	if len(errs) == 0 && !strings.ContainsFunc(g.Name, isNameRune) {
		errs = append(errs, store.FieldError{Field: "name", Code: store.CodeLetter, Message: "a name needs a letter or a digit"})
	}
	return append(errs, s.registry.Validate(g.Permissions, previous)...)
}

func isNameRune(r rune) bool { return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !isInvisible(r) }

// groupEvent begins an entry of the trail about a group. What can be no name of
// one is not kept.
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

// MemberImpact is what would change for one person.
type MemberImpact struct {
	Username string `json:"username"`
	// Changes are the permissions whose effective value would be another one,
	// by ID. None means that other groups, or what is said of the person, give
	// the same.
	Changes []PermissionChange `json:"changes"`
}

// PermissionChange is a permission that would be another one, in the words of
// [permission.EffectiveSet.Format].
type PermissionChange struct {
	Permission string `json:"permission"`
	Before     string `json:"before"`
	After      string `json:"after"`
}

// PreviewDeleteGroup tells, for the first most members of a group by username, what
// would change for them if the group were deleted; total counts all members.
func (s *Service) PreviewDeleteGroup(ctx context.Context, name string, limit int) (impact []MemberImpact, total int, err error) {
	g, err := s.Group(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	resolver, err := s.PermissionResolver(ctx)
	if err != nil {
		return nil, 0, err
	}
	impact = []MemberImpact{}
	for q := (Query{Group: g.Name}); len(impact) < limit; {
		q.Limit = min(limit-len(impact), store.MaxPageLimit)
		list, err := s.List(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		for _, u := range list.Items {
			impact = append(impact, s.previewMember(resolver, u, g.Name))
		}
		if q.After = list.Next; q.After == "" {
			break
		}
	}
	return impact, g.Members, nil
}

// previewMember returns what would change for u without the group.
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
