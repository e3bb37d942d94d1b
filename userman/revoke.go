package userman

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// actionRevoke is the audit action of a user whose credentials a grant to a group
// revokes.
const actionRevoke = "revoke credentials"

// unknownAdministrator is the creator of credentials that a scoped service sets for an
// unnamed actor. It is no username.
const unknownAdministrator = "?"

// creator returns the creator of what an operation on u sets, as of the actor of ctx.
// What users set themselves has the creator of their password, because the session may
// be that of this creator.
func (s *Service) creator(ctx context.Context, u *User) credential.Creator {
	if administrator := s.administrator(ctx); !administrator.IsZero() {
		return administrator
	}
	switch audit.ActorFromContext(ctx).Kind {
	case audit.User, audit.Anonymous:
		return u.Credentials.PasswordCreator
	default:
		return credential.Creator{}
	}
}

// administrator returns the actor of ctx as a creator; zero if no administrator acts.
func (s *Service) administrator(ctx context.Context) credential.Creator {
	actor := audit.ActorFromContext(ctx)
	switch {
	case s.loadScope == nil && s.opts().CreatorScope == nil: // no administrator has a scope
		return credential.Creator{}
	case actor.Kind == audit.Administrator && actor.Name != "":
		return credential.Creator{Administrator: actor.Name, At: s.now()}
	case s.loadScope != nil:
		return credential.Creator{Administrator: unknownAdministrator, At: s.now()}
	}
	return credential.Creator{}
}

// creatorScope returns what a creator may hand out now.
func (s *Service) creatorScope(ctx context.Context, c credential.Creator) (scope.Scope, error) {
	switch {
	case c.IsZero():
		return scope.All(), nil
	case s.opts().CreatorScope == nil || c.Administrator == unknownAdministrator:
		return scope.Scope{}, nil
	}
	return s.opts().CreatorScope(ctx, c)
}

// grant is a change of what a user may do. It revokes the credentials whose creators
// may not hand out what it adds.
type grant struct {
	service       *Service
	before, after *User
	// prior and effective are the permissions before and after.
	prior, effective *permission.EffectiveSet
	// revoked has the verdicts on creators so far.
	revoked map[credential.Creator]bool
}

// newGrant returns the change from before to after, in the transaction of ctx. It
// returns nil if the change adds nothing.
func (s *Service) newGrant(ctx context.Context, before, after *User) (*grant, error) {
	if maps.EqualFunc(before.Permissions, after.Permissions, permission.Value.Equal) && slices.Equal(before.Groups, after.Groups) && slices.Equal(before.Extensions(), after.Extensions()) {
		return nil, nil
	}
	resolver, err := s.permissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	return s.resolvedGrant(before, after, resolver, resolver), nil
}

// resolvedGrant is newGrant for a change of the groups, too.
func (s *Service) resolvedGrant(before, after *User, prior, current *permission.Resolver) *grant {
	g := &grant{s, before, after, prior.For(before.PermissionSubject()), current.For(after.PermissionSubject()), map[credential.Creator]bool{}}
	if !g.exceeds(scope.Scope{}) {
		return nil
	}
	return g
}

// exceeds reports whether the grant adds something that is out of scope.
func (g *grant) exceeds(sc scope.Scope) bool {
	added := func(extension string) bool { return !g.before.HasExtension(extension) && !sc.HasExtension(extension) }
	return slices.ContainsFunc(g.after.Extensions(), added) || g.service.firstOutOfScope(sc, g.prior, g.effective) != ""
}

// revokes reports whether the grant revokes the credentials of a creator.
func (g *grant) revokes(ctx context.Context, c credential.Creator) (bool, error) {
	if c.IsZero() {
		return false, nil
	}
	revoked, known := g.revoked[c]
	if known {
		return revoked, nil
	}
	sc, err := g.service.creatorScope(ctx, c)
	if err != nil {
		return false, err
	}
	g.revoked[c] = g.exceeds(sc)
	return g.revoked[c], nil
}

// revoke removes the revoked credentials from after, except API tokens, and returns
// their kinds.
func (g *grant) revoke(ctx context.Context) (kinds []credential.Kind, err error) {
	if g == nil {
		return nil, nil
	}
	revoked := func(c credential.Creator) bool {
		is, revokeErr := g.revokes(ctx, c)
		err = errors.Join(err, revokeErr)
		return is
	}
	u := g.after
	kinds = auth.Revoke(&u.Credentials, &u.SessionEpoch, revoked)
	if u.Activation != nil && revoked(u.Activation.Creator) {
		u.Activation = nil
		kinds = append(kinds, credential.KindSoftphoneLink)
	}
	if u.Email != "" && !u.EmailBlocked && revoked(u.EmailCreator) {
		u.EmailBlocked = true
		kinds = append(kinds, credential.KindEmail)
	}
	return kinds, err
}

// revokeKeys revokes the keys of API tokens, and reports all revoked kinds to a preview.
func (g *grant) revokeKeys(ctx context.Context, r *audit.Recorder, kinds []credential.Kind) error {
	if g == nil {
		return nil
	}
	keys := 0
	err := g.service.eachDependents(func(d Dependents) error {
		n, err := d.RevokeKeys(ctx, r, g.after, func(c credential.Creator) (bool, error) { return g.revokes(ctx, c) })
		keys += n
		return err
	})
	if keys > 0 {
		kinds = append(kinds, credential.KindAPIToken)
	}
	if preview := g.service.preview; preview != nil && len(kinds) > 0 {
		preview.add(g.after, kinds)
	}
	return err
}

// revokeMembers revokes credentials of the members of a group whose permissions have
// changed since prior, in the transaction of ctx. Deleted members may be restored.
func (s *Service) revokeMembers(ctx context.Context, r *audit.Recorder, group string, prior *groupSet) error {
	current, err := s.groups(ctx)
	if err != nil {
		return err
	}
	for _, status := range []Status{"", StatusDeleted} {
		err := s.eachMember(ctx, group, status, func(u *User) error {
			g := s.resolvedGrant(u, u.Clone(), prior.resolver, current.resolver)
			kinds, err := g.revoke(ctx)
			if err == nil && len(kinds) > 0 {
				err = s.write(ctx, r, actionRevoke, u, g.after)
			}
			if err != nil {
				return err
			}
			return g.revokeKeys(ctx, r, kinds)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// creatorCovers reports whether the creator of a link may hand out everything that u may do.
func (s *Service) creatorCovers(ctx context.Context, c credential.Creator, u *User) (bool, error) {
	sc, err := s.creatorScope(ctx, c)
	if err != nil || sc.IsUnrestricted() {
		return err == nil, err
	}
	resolver, err := s.permissionResolver(ctx)
	if err != nil {
		return false, err
	}
	g := s.resolvedGrant(&User{}, u, resolver, resolver)
	return g == nil || !g.exceeds(sc), nil
}

// Revocation names a user whose credentials a change revokes.
type Revocation struct {
	Username string `json:"username"`
	// Credentials are the kinds that end. The sessions of the user end with the
	// password and the second factor.
	Credentials []credential.Kind `json:"credentials"`
}

// Revocations are the users whose credentials a change revokes.
type Revocations struct {
	// Items are the first users in the order of the change. Total is the number of all.
	Items []Revocation `json:"items"`
	Total int          `json:"total"`
}

// Unnamed returns the number of users that Items leaves out.
func (r *Revocations) Unnamed() int { return r.Total - len(r.Items) }

// revocationPreview collects the revocations of a change.
type revocationPreview struct {
	users []store.UserID
	found map[store.UserID]*Revocation
}

func (p *revocationPreview) add(u *User, kinds []credential.Kind) {
	found := p.found[u.ID]
	if found == nil {
		found = &Revocation{}
		p.found[u.ID], p.users = found, append(p.users, u.ID)
	}
	found.Username, found.Credentials = u.Username, append(found.Credentials, kinds...)
}

// result returns the first limit users.
func (p *revocationPreview) result(limit int) *Revocations {
	result := &Revocations{Items: []Revocation{}, Total: len(p.users)}
	for _, id := range p.users[:min(limit, len(p.users))] {
		result.Items = append(result.Items, *p.found[id])
	}
	return result
}

// errPreviewed rolls a preview back.
var errPreviewed = errors.New("previewed")

// PreviewRevocations returns the users whose credentials change would revoke, see
// [Service.Update]. It runs change with a service like s in a transaction and undoes it.
// Nothing is recorded in the audit log. It names the first limit users. If change returns
// an error, PreviewRevocations returns this error. Do not call it in a transaction.
func (s *Service) PreviewRevocations(ctx context.Context, limit int, change func(ctx context.Context, s *Service) error) (*Revocations, error) {
	preview := *s
	preview.audit, preview.opts().Logger = nil, discardLogger()
	err := s.store.RunInTx(ctx, func(ctx context.Context) error {
		preview.preview = &revocationPreview{found: map[store.UserID]*Revocation{}}
		if err := change(ctx, &preview); err != nil {
			return err
		}
		return errPreviewed
	})
	if !errors.Is(err, errPreviewed) {
		return nil, err
	}
	return preview.preview.result(limit), nil
}
