package userman

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

const (
	msgDuplicate = " is that of another entry of the directory too; it must be of one only"
	msgTaken     = " is held by somebody else, whom this sync does not change; change it there, or rename them here"
)

// uniqueOwners find who of the directory has a folded username, or a default
// extension.
type uniqueOwners struct {
	usernames, extensions map[string]*syncUser
}

func (p *syncPlan) uniqueOwners() uniqueOwners {
	h := uniqueOwners{usernames: map[string]*syncUser{}, extensions: map[string]*syncUser{}}
	for _, user := range p.users {
		h.usernames[FoldUsername(user.username)] = user
		if user.extension != "" {
			h.extensions[user.extension] = user
		}
	}
	return h
}

// resolveUnique finds who is to have what somebody else has: that is a problem, unless
// whoever has it gives it up in this sync. At the end it adds the problems of
// the entries to the report.
func (p *syncPlan) resolveUnique(ctx context.Context) error {
	p.failDuplicates()
	owners := p.uniqueOwners()
	for _, e := range p.entries {
		if err := p.resolveOwner(ctx, e, owners.usernames[FoldUsername(e.username)], UserLookup{Username: e.username}); err != nil {
			return err
		}
		if e.extension == "" {
			continue
		}
		if err := p.resolveOwner(ctx, e, owners.extensions[e.extension], UserLookup{DefaultExtension: e.extension}); err != nil {
			return err
		}
	}
	p.propagateFailures(owners)
	for _, e := range p.entries {
		if e.problem == "" {
			continue
		}
		username := e.username
		if e.user != nil {
			username = e.user.username
		}
		p.addProblem(e.externalID, username, e.problem)
	}
	return nil
}

// failDuplicates fails the entries that are to have what another entry is to have.
func (p *syncPlan) failDuplicates() {
	usernames, extensions := map[string]int{}, map[string]int{}
	for _, e := range p.entries {
		if e.problem == "" {
			usernames[FoldUsername(e.username)]++
			extensions[e.extension]++
		}
	}
	for _, e := range p.entries {
		switch {
		case e.problem != "":
		case e.username != "" && usernames[FoldUsername(e.username)] > 1:
			e.fail("the username" + msgDuplicate)
		case e.extension != "" && extensions[e.extension] > 1:
			e.fail("the default extension" + msgDuplicate)
		}
	}
}

// resolveOwner looks who has what e is to have: holder, somebody of the directory, or
// whom the store finds.
func (p *syncPlan) resolveOwner(ctx context.Context, e *syncEntry, owner *syncUser, key UserLookup) error {
	switch {
	case e.step == nil || owner != nil && owner == e.user:
		return nil
	case owner != nil:
		e.blockedBy = append(e.blockedBy, owner)
		owner.blocking = append(owner.blocking, e)
		return nil
	}
	u, err := p.service.store.FindUser(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case e.user != nil && u.ID == e.user.id:
	case key.Username != "":
		e.fail("the username" + msgTaken)
	default:
		e.fail("the default extension" + msgTaken)
	}
	return nil
}

// propagateFailures fails all who wait for what its holder keeps. A failed entry keeps what
// its person has, and so fails those who wait for it.
func (p *syncPlan) propagateFailures(owners uniqueOwners) {
	queue := slices.Clone(p.entries)
	for len(queue) > 0 {
		last := len(queue) - 1
		e := queue[last]
		queue = queue[:last]
		username, extension := owners.usernames[FoldUsername(e.username)], owners.extensions[e.extension]
		switch {
		case e.step == nil:
		case username != nil && username != e.user && !username.releasesUsername():
			e.fail("the username" + msgTaken)
		case extension != nil && extension != e.user && !extension.releasesExtension():
			e.fail("the default extension" + msgTaken)
		}
		if e.problem != "" && e.user != nil {
			queue = append(queue, e.user.blocking...)
			e.user.blocking = nil
		}
	}
}
