package dirsync

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
)

// resolveLoginNames finds the entries that need a login name of another user. It fails
// entries with such a username. The others keep their email and extension. A name that
// another user of the directory releases in this sync is free in the next one.
func (p *Plan) resolveLoginNames(ctx context.Context, owners uniqueOwners) error {
	if !p.opts.LoginByEmail && !p.opts.LoginByExtension {
		return nil
	}
	// claims are the entries that need a login name, by its folded form. Usernames
	// come first.
	claims := map[string]*Entry{}
	for _, e := range p.entries {
		if e.Problem == "" && !e.Disabled {
			claims[username.FoldLogin(e.Username)] = e
		}
	}
	for _, e := range p.entries {
		if e.Step == nil {
			continue
		}
		if err := p.resolveEntryLogins(ctx, e, claims, owners); err != nil {
			return err
		}
	}
	return nil
}

// resolveEntryLogins resolves the login names of one entry.
func (p *Plan) resolveEntryLogins(ctx context.Context, e *Entry, claims map[string]*Entry, owners uniqueOwners) error {
	taken, err := p.loginTaken(ctx, e, e.Username, claims, owners.usernames[username.Fold(e.Username)])
	if err != nil {
		return err
	}
	if taken {
		e.Fail("the username" + msgLogin)
		return nil
	}
	if p.opts.LoginByExtension && e.Extension != "" {
		owner := owners.extensions[e.Extension]
		if taken, err = p.loginTaken(ctx, e, e.Extension, claims, owner); err != nil {
			return err
		}
		if taken {
			e.keepExtension(owner, "the default extension"+msgLogin)
		}
	}
	if p.opts.LoginByEmail && e.Email != "" && e.Step != nil {
		if taken, err = p.loginTaken(ctx, e, e.Email, claims, nil); err != nil {
			return err
		}
		if taken {
			e.keepEmail("the email" + msgLogin)
		}
	}
	return nil
}

// loginTaken reports whether another user has the login name, or another entry needs
// it. Otherwise e claims it. expected is the user who has the value in the same field,
// or nil; the plan has resolved that.
func (p *Plan) loginTaken(ctx context.Context, e *Entry, name string, claims map[string]*Entry, expected *User) (bool, error) {
	folded := username.FoldLogin(name)
	if claimed := claims[folded]; claimed != nil && claimed != e {
		return true, nil
	}
	owner, err := p.opts.Lookup.LoginOwner(ctx, folded)
	if err != nil {
		return false, err
	}
	known := []store.UserID{""}
	for _, user := range []*User{e.user, expected} {
		if user != nil {
			known = append(known, user.ID)
		}
	}
	if !slices.Contains(known, owner.ID) {
		return true, nil
	}
	claims[folded] = e
	return false, nil
}
