package dirsync

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
)

const (
	msgDuplicate = " is not unique in the directory"
	msgTaken     = " is already in use by a user outside this directory"
	msgKept      = " is already in use by another user of this directory"
	msgLogin     = " is already the login name of another user"
)

// uniqueOwners are the users of the directory by folded username and by default
// extension.
type uniqueOwners struct {
	usernames, extensions map[string]*User
}

func (p *Plan) uniqueOwners() uniqueOwners {
	h := uniqueOwners{usernames: map[string]*User{}, extensions: map[string]*User{}}
	for _, user := range p.users {
		h.usernames[username.Fold(user.Username)] = user
		if user.Extension != "" {
			h.extensions[user.Extension] = user
		}
	}
	return h
}

// resolveUnique finds the entries that need a username or an extension of another
// user. It fails entries whose username is not released in this sync. Entries whose
// extension is not released keep their extension. Then it reports all entries.
func (p *Plan) resolveUnique(ctx context.Context) error {
	p.keepDuplicateExtensions()
	owners := p.uniqueOwners()
	for _, e := range p.entries {
		if err := p.resolveOwner(ctx, e, owners.usernames[username.Fold(e.Username)], p.opts.Lookup.UsernameOwner, e.Username, e.failTaken); err != nil {
			return err
		}
		owner := owners.extensions[e.Extension]
		if e.Extension == "" {
			continue
		}
		if err := p.checkReferences(ctx, owner); err != nil {
			return err
		}
		if owner != nil && owner != e.user && owner.hasLeft() {
			continue
		}
		if err := p.resolveOwner(ctx, e, owner, p.opts.Lookup.ExtensionOwner, e.Extension, func(Owner) { e.keepExtension(nil, "the default extension"+msgTaken) }); err != nil {
			return err
		}
	}
	if err := p.resolveLoginNames(ctx, owners); err != nil {
		return err
	}
	p.propagateFailures(owners)
	p.releaseExtensions(owners)
	p.reportEntries()
	return nil
}

// reportEntries adds the problems and the warnings of the entries to the plan.
func (p *Plan) reportEntries() {
	for _, e := range p.entries {
		name := e.Username
		if e.user != nil {
			name = e.user.Username
		}
		if e.Problem != "" {
			p.Problems = append(p.Problems, Problem{ExternalID: e.ExternalID, Username: name, Message: e.Problem, Adoptable: e.adoptable})
			continue
		}
		for _, warning := range e.Warnings {
			p.Warnings = append(p.Warnings, Problem{ExternalID: e.ExternalID, Username: name, Message: warning})
		}
	}
}

// checkReferences finds out whether other records refer to a user who has left: then
// the extension stays.
func (p *Plan) checkReferences(ctx context.Context, owner *User) error {
	if owner == nil || !owner.hasLeft() || owner.isDeleted() {
		return nil
	}
	problem, err := p.opts.Lookup.CheckDelete(ctx, owner.ID)
	if errors.Is(err, store.ErrNotFound) { // deleted at the same time
		return nil
	}
	owner.referenced = problem != ""
	return err
}

// releaseExtensions has users who have left give up the extension that an entry
// needs.
func (p *Plan) releaseExtensions(owners uniqueOwners) {
	for _, e := range p.entries {
		owner := owners.extensions[e.Extension]
		if e.Step == nil || owner == nil || owner == e.user || !owner.hasLeft() || owner.isDeleted() {
			continue
		}
		if owner.step == nil {
			owner.step = &Step{UserID: owner.ID, Action: Update, ExternalID: owner.ExternalID, Username: owner.Username}
		}
		owner.step.ReleasesExtension, owner.step.Fields = true, []string{fieldExtension}
	}
}

// failTaken fails an entry whose username a user outside the directory has.
func (e *Entry) failTaken(owner Owner) {
	if owner.Local && e.user == nil {
		e.offer(msgLocal)
		return
	}
	e.Fail("the username" + msgTaken)
}

// failDuplicateUsernames fails entries that need the same username. An entry that the
// directory spells in this way does not fail because of those with another spelling.
func (p *Plan) failDuplicateUsernames() {
	all, exact := map[string]int{}, map[string]int{}
	for _, e := range p.entries {
		if e.Problem != "" || e.Disabled || e.Username == "" {
			continue
		}
		name := username.Fold(e.Username)
		if all[name]++; !e.Derived {
			exact[name]++
		}
	}
	for _, e := range p.entries {
		name := username.Fold(e.Username)
		if e.Problem == "" && !e.Disabled && (exact[name] > 1 || e.Derived && all[name] > 1) {
			e.Fail("the username" + msgDuplicate)
		}
	}
}

// keepDuplicateExtensions has entries that need the same extension keep the present
// one.
func (p *Plan) keepDuplicateExtensions() {
	extensions := map[string]int{}
	for _, e := range p.entries {
		if e.Problem == "" && !e.Disabled {
			extensions[e.Extension]++
		}
	}
	for _, e := range p.entries {
		if e.Step != nil && e.Extension != "" && extensions[e.Extension] > 1 && (e.user == nil || e.user.Extension != e.Extension) {
			e.keepExtension(nil, "the default extension"+msgDuplicate)
		}
	}
}

// resolveOwner finds the owner of the value that e needs: owner, a user of the
// directory, or another user that find returns. Then it calls taken.
func (p *Plan) resolveOwner(
	ctx context.Context, e *Entry, owner *User, find func(context.Context, string) (Owner, error), value string, taken func(Owner),
) error {
	switch {
	case e.Step == nil || owner != nil && owner == e.user:
		return nil
	case owner != nil:
		e.blockedBy = append(e.blockedBy, owner)
		owner.blocking = append(owner.blocking, e)
		return nil
	}
	found, err := find(ctx, value)
	if err != nil {
		return err
	}
	if found.ID != "" && (e.user == nil || found.ID != e.user.ID) {
		taken(found)
	}
	return nil
}

// usernameProblem explains that a user of the directory does not release the username.
func (p *Plan) usernameProblem(owner *User) string {
	if p.isAdoptable(owner) {
		return msgLeaver
	}
	return "the username" + msgKept
}

// propagateFailures fails the entries whose username its owner does not release.
// Entries whose extension is not released keep theirs. A failed entry releases
// nothing, so entries that wait for it are affected, too.
func (p *Plan) propagateFailures(owners uniqueOwners) {
	queue := slices.Clone(p.entries)
	for len(queue) > 0 {
		last := len(queue) - 1
		e := queue[last]
		queue = queue[:last]
		byName, byExtension := owners.usernames[username.Fold(e.Username)], owners.extensions[e.Extension]
		switch {
		case e.Step == nil:
		case byName != nil && byName != e.user && !byName.releasesUsername():
			e.Fail(p.usernameProblem(byName))
		case byExtension != nil && byExtension != e.user && !byExtension.releasesExtension():
			e.keepExtension(byExtension, "the default extension"+msgKept)
			if e.user != nil {
				queue = append(queue, e.user.blocking...)
			}
		}
		if e.Problem != "" && e.user != nil {
			queue = append(queue, e.user.blocking...)
			e.user.blocking = nil
		}
	}
}
