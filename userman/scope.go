package userman

import (
	"context"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// ScopeLoader returns the scope of the actor of a request. It reads the actor's record
// in the transaction of ctx.
type ScopeLoader func(ctx context.Context) (scope.Scope, error)

// Scoped returns a service that acts for a limited administrator. Every operation loads
// the scope again. A change loads the scope in its own transaction, so it respects a
// demotion that commits first. If load is nil, the service is unrestricted.
//
// A user is in scope if the user has at least one extension and all extensions of the
// user are in scope. The service does not list, read or change other users, and does
// not verify their passwords. It cannot create a user out of scope, or move a user out
// of scope. It cannot add a permission or a group with values out of scope: extensions,
// numbers (DIDs) and names. Names have no ranges, so only the names in the default
// value of a permission are in scope. Without this rule, a new grant could outlast a grant
// that the user already has. Default groups are exempt, unless they grant all extensions or
// all numbers: a new user in such a group would be out of scope. Groups are read-only.
// Directories cannot be synchronized. Only the tokens of users in scope are accessible.
//
// With the credentials of a user, an administrator could do everything that the user
// can do. The service therefore protects users who have a permission with values out
// of scope. For these users it does not set a password, create a link, or change the
// second factor or the email. It does not create, rotate or change tokens, but can
// disable or delete them. This rule ignores the grants of the defaults and of the
// exempt default groups. [MailService.Send] still works,
// because only the user reads the mail.
//
// A denied operation returns an error wrapping [store.ErrForbidden].
func (s *Service) Scoped(load ScopeLoader) *Service {
	scoped := *s
	scoped.loadScope = load
	scoped.authenticator = s.authenticator.WithAccounts(loginAccounts{&scoped})
	return &scoped
}

// scope returns what the service may touch, as of the transaction of ctx.
func (s *Service) scope(ctx context.Context) (scope.Scope, error) {
	if s.loadScope == nil {
		return scope.All(), nil
	}
	return s.loadScope(ctx)
}

// userInScope reports whether u is in scope, see [Service.Scoped].
func userInScope(sc scope.Scope, u *User) bool {
	return extensionsInScope(sc, u.Extensions())
}

// extensionsInScope reports whether a user with these extensions is in scope.
func extensionsInScope(sc scope.Scope, extensions []string) bool {
	if sc.AllExtensions() {
		return true
	}
	return len(extensions) > 0 && !slices.ContainsFunc(extensions, func(e string) bool { return !sc.HasExtension(e) })
}

// authorizeUser returns an error wrapping ErrForbidden if u is out of scope.
func (s *Service) authorizeUser(ctx context.Context, u *User) error {
	sc, err := s.scope(ctx)
	if err != nil || userInScope(sc, u) {
		return err
	}
	return outOfScopeError()
}

func outOfScopeError() error {
	return &store.ForbiddenError{Reason: "this user is outside your scope", Concealed: &store.NotFoundError{Kind: KindUser}}
}

// requireUnscoped returns an error wrapping ErrForbidden unless every extension
// and every DID is in scope.
func (s *Service) requireUnscoped(ctx context.Context) error {
	sc, err := s.scope(ctx)
	if err != nil || sc.IsUnrestricted() {
		return err
	}
	return &store.ForbiddenError{Reason: "this affects users outside your scope; ask an unrestricted administrator"}
}

// authorizeChange returns an error wrapping ErrForbidden if after is out of scope,
// or if the change grants values out of scope. It runs in the transaction of ctx.
func (s *Service) authorizeChange(ctx context.Context, before, after *User) error {
	sc, err := s.scope(ctx)
	switch {
	case err != nil || sc.IsUnrestricted():
		return err
	case !userInScope(sc, after):
		return &store.ForbiddenError{Reason: "some of these extensions are outside your scope (a user without extensions always is); ask an administrator with access"}
	}
	if before.Email != after.Email || before.EmailBlocked != after.EmailBlocked {
		if err := s.authorizeCredentials(ctx, after); err != nil {
			return err
		}
	}
	if maps.EqualFunc(before.Permissions, after.Permissions, permission.Value.Equal) && slices.Equal(before.Groups, after.Groups) && slices.Equal(before.Extensions(), after.Extensions()) {
		return nil
	}
	resolver, err := s.permissionResolver(ctx)
	if err != nil {
		return err
	}
	return s.authorizeGrant(sc, resolver, before, after)
}

// authorizeGrant returns an error wrapping ErrForbidden if after has a permission
// with values out of scope that before does not have. It does the same for the grants
// that the change adds: they would outlast the grant that the user has already.
func (s *Service) authorizeGrant(sc scope.Scope, resolver *permission.Resolver, before, after *User) error {
	denied := s.firstOutOfScope(sc, resolver.For(before.PermissionSubject()), resolver.For(after.PermissionSubject()))
	if added := addedGrants(before, after); denied == "" && added != nil {
		none := &User{DefaultExtension: after.DefaultExtension, LinkedExtensions: after.LinkedExtensions}
		denied = s.firstOutOfScope(sc, resolver.For(none.PermissionSubject()), resolver.For(added.PermissionSubject()))
	}
	if denied == "" {
		return nil
	}
	return &store.ForbiddenError{Reason: "this would grant the permission " + denied + " with values outside your scope; ask an administrator with access"}
}

// addedGrants returns a user with the groups and list items of after that before does
// not have; nil if there are none.
func addedGrants(before, after *User) *User {
	added := &User{DefaultExtension: after.DefaultExtension, LinkedExtensions: after.LinkedExtensions, Permissions: permission.Permissions{}}
	for _, name := range after.Groups {
		if !slices.Contains(before.Groups, name) {
			added.Groups = append(added.Groups, name)
		}
	}
	for id, value := range after.Permissions {
		prior := before.Permissions[id].Items()
		items := slices.DeleteFunc(value.Items(), func(item string) bool { return slices.Contains(prior, item) })
		if len(items) > 0 && !slices.Contains(prior, permission.Any) {
			added.Permissions[id] = permission.Append(items...)
		}
	}
	if len(added.Groups) == 0 && len(added.Permissions) == 0 {
		return nil
	}
	return added
}

// withCredentialCheck returns mutate for an operation that may hand out
// credentials of the user: a password, a link, a key. It is denied for users with
// permissions out of scope, see [Service.Scoped].
func (s *Service) withCredentialCheck(mutate mutation) mutation {
	return func(ctx context.Context, u *User) error {
		if err := s.authorizeCredentials(ctx, u); err != nil {
			return err
		}
		return mutate(ctx, u)
	}
}

// authorizeCredentials returns an error wrapping ErrForbidden if u has a
// permission with values out of scope that not every user has. It runs in the
// transaction of ctx.
func (s *Service) authorizeCredentials(ctx context.Context, u *User) error {
	access, err := s.Access(ctx)
	if err != nil {
		return err
	}
	return access.AuthorizeCredentials(ctx, u)
}

// firstOutOfScope returns the first permission that after has with values out of
// scope and before does not have; "" if there is none. Only in an empty scope are
// bool permissions out of scope.
func (s *Service) firstOutOfScope(sc scope.Scope, before, after *permission.EffectiveSet) string {
	if sc.IsUnrestricted() {
		return ""
	}
	for _, p := range s.Permissions() {
		prior, priorAll := before.Values(p.ID)
		items, all := after.Values(p.ID)
		if all {
			items = []string{permission.Any}
		}
		added := slices.ContainsFunc(items, func(item string) bool { return !slices.Contains(prior, item) && !valueInScope(sc, p, item) })
		added = added || sc.IsEmpty() && after.Enabled(p.ID) && !before.Enabled(p.ID)
		if !priorAll && added {
			return p.ID
		}
	}
	return ""
}

// valueInScope reports whether an item of a list is in scope. [permission.Any] is
// in scope if all items are.
func valueInScope(sc scope.Scope, p permission.Permission, item string) bool {
	if sc.IsEmpty() {
		return false
	}
	switch p.Kind {
	case permission.KindExtensions:
		return sc.HasExtension(item)
	case permission.KindNumbers:
		return sc.HasDID(item)
	case permission.KindStrings:
		defaults := p.Default.Items()
		return slices.Contains(defaults, item) || slices.Contains(defaults, permission.Any)
	case permission.KindBool: // has no items
	}
	return true
}
