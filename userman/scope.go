package userman

import (
	"context"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Scoped returns a service for somebody who reaches some extensions only, such
// as a Limited administrator. nil reaches everything.
//
// People are reached who have at least one extension, and none that reaches
// says no to. Others are neither listed nor read nor changed, and their
// password is not compared. Nobody is made or moved out of reach. Nobody is
// given extensions out of reach, or all of them, by permissions or by groups,
// unless they have them already; what the default groups give to everybody is
// not given by whoever makes a person. Groups are read, but not changed;
// directories are not synced; and tokens are those of people who are reached.
//
// Whoever holds the credentials of a person may do what the person may. They
// are therefore not handed out of people who have a permission of the kind
// [permission.KindExtensions] for extensions out of reach, or for all of them: no password is
// set and no link made, the second factor stays, and so does the email, where
// links go; tokens are not made, not rotated, and not changed but to disable or
// delete them. What the defaults and the default groups give to everybody does
// not count here either. Mails with links are sent: the person alone reads what
// [Service.SendWelcome] and [Service.SendReset] send.
//
// Each of these is refused with a [store.ForbiddenError].
func (s *Service) Scoped(inScope func(extension string) bool) *Service {
	scoped := *s
	scoped.inScope = inScope
	scoped.authenticator = scoped.newAuthenticator() // it looks up who logs in
	return &scoped
}

// userInScope reports whether u is reached, see [Service.Scoped].
func (s *Service) userInScope(u *User) bool {
	if s.inScope == nil {
		return true
	}
	extensions := u.Extensions()
	return len(extensions) > 0 && !slices.ContainsFunc(extensions, func(e string) bool { return !s.inScope(e) })
}

// authorizeUser refuses to read or change somebody who is out of reach.
func (s *Service) authorizeUser(u *User) error {
	if s.userInScope(u) {
		return nil
	}
	return &store.ForbiddenError{Reason: "this person has extensions that you do not reach, or none; ask an administrator who reaches them"}
}

// requireUnscoped refuses whoever does not reach everything.
func (s *Service) requireUnscoped() error {
	if s.inScope == nil {
		return nil
	}
	return &store.ForbiddenError{Reason: "this concerns people with extensions that you do not reach; ask an administrator who reaches all of them"}
}

// authorizeChange refuses, in the transaction of ctx, to make of before what is out of
// reach, or has extensions out of reach that before has not.
func (s *Service) authorizeChange(ctx context.Context, before, after *User) error {
	switch {
	case s.inScope == nil:
		return nil
	case !s.userInScope(after):
		return &store.ForbiddenError{Reason: "these extensions are not all among those that you reach, and a person without any is not either; ask an administrator who reaches them"}
	}
	if before.Email != after.Email {
		if err := s.authorizeCredentials(ctx, after); err != nil {
			return err
		}
	}
	if maps.EqualFunc(before.Permissions, after.Permissions, permission.Value.Equal) && slices.Equal(before.Groups, after.Groups) && slices.Equal(before.Extensions(), after.Extensions()) {
		return nil
	}
	resolver, err := s.PermissionResolver(ctx)
	if err != nil {
		return err
	}
	return s.authorizeGrant(resolver, before, after)
}

// authorizeGrant refuses permissions for extensions out of reach that after has and
// before has not.
func (s *Service) authorizeGrant(resolver *permission.Resolver, before, after *User) error {
	if s.inScope == nil {
		return nil
	}
	if permission := s.firstOutOfScope(resolver.For(before.PermissionSubject()), resolver.For(after.PermissionSubject())); permission != "" {
		return &store.ForbiddenError{Reason: "this would give the permission " + permission + " for extensions that you do not reach; ask an administrator who reaches them"}
	}
	return nil
}

// withCredentialCheck returns do for an act after which whoever does it may hold credentials
// of the person: a password, a link, a key. It is refused of those who may do
// more than is reached, see [Service.Scoped].
func (s *Service) withCredentialCheck(mutate mutation) mutation {
	return func(ctx context.Context, u *User) error {
		if err := s.authorizeCredentials(ctx, u); err != nil {
			return err
		}
		return mutate(ctx, u)
	}
}

// authorizeCredentials refuses, in the transaction of ctx, to hand out the credentials of
// somebody who may do for extensions out of reach what not everybody may.
func (s *Service) authorizeCredentials(ctx context.Context, u *User) error {
	if s.inScope == nil {
		return nil
	}
	groups, revision, err := s.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	resolver := s.resolverOver(groups, revision)
	if permission := s.firstOutOfScope(resolver.For(u.withDefaultGrants(groups).PermissionSubject()), resolver.For(u.PermissionSubject())); permission != "" {
		return &store.ForbiddenError{Reason: "this person has the permission " + permission + " for extensions that you do not reach, and so has whoever holds the password, a link, a key or the mailbox; ask an administrator who reaches them"}
	}
	return nil
}

// withDefaultGrants returns u with what is given to everybody, and nothing more.
func (u *User) withDefaultGrants(groups []*Group) *User {
	c := u.Clone()
	c.Groups, c.Permissions = defaultGroups(groups), nil
	return c
}

// firstOutOfScope returns the first permission that after has for extensions out of
// reach for which before has it not; "" when there is none.
func (s *Service) firstOutOfScope(before, after *permission.EffectiveSet) string {
	for _, p := range s.Permissions() {
		if p.Kind != permission.KindExtensions {
			continue
		}
		prior, priorAll := before.Values(p.ID)
		items, all := after.Values(p.ID)
		added := slices.ContainsFunc(items, func(item string) bool { return !slices.Contains(prior, item) && !s.inScope(item) })
		if !priorAll && (all || added) {
			return p.ID
		}
	}
	return ""
}
