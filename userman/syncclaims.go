package userman

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

const (
	heldTwice     = " is that of another entry of the directory too; it must be of one only"
	heldElsewhere = " is held by somebody else, whom this sync does not change; change it there, or rename them here"
)

// holders find who of the directory has a folded username, or a default
// extension.
type holders struct {
	usernames, extensions map[string]*syncPerson
}

func (p *syncPlan) holders() holders {
	h := holders{usernames: map[string]*syncPerson{}, extensions: map[string]*syncPerson{}}
	for _, person := range p.people {
		h.usernames[FoldUsername(person.username)] = person
		if person.extension != "" {
			h.extensions[person.extension] = person
		}
	}
	return h
}

// claims finds who is to have what somebody else has: that is a problem, unless
// whoever has it gives it up in this sync. At the end it adds the problems of
// the entries to the report.
func (p *syncPlan) claims(ctx context.Context) error {
	p.twice()
	held := p.holders()
	for _, e := range p.entries {
		if err := p.claim(ctx, e, held.usernames[FoldUsername(e.username)], UserKey{Username: e.username}); err != nil {
			return err
		}
		if e.extension == "" {
			continue
		}
		if err := p.claim(ctx, e, held.extensions[e.extension], UserKey{DefaultExtension: e.extension}); err != nil {
			return err
		}
	}
	p.giveUp(held)
	for _, e := range p.entries {
		if e.problem == "" {
			continue
		}
		username := e.username
		if e.person != nil {
			username = e.person.username
		}
		p.problem(e.externalID, username, e.problem)
	}
	return nil
}

// twice fails the entries that are to have what another entry is to have.
func (p *syncPlan) twice() {
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
			e.fail("the username" + heldTwice)
		case e.extension != "" && extensions[e.extension] > 1:
			e.fail("the default extension" + heldTwice)
		}
	}
}

// claim looks who has what e is to have: holder, somebody of the directory, or
// whom the store finds.
func (p *syncPlan) claim(ctx context.Context, e *syncEntry, holder *syncPerson, key UserKey) error {
	switch {
	case e.step == nil || holder != nil && holder == e.person:
		return nil
	case holder != nil:
		e.awaits = append(e.awaits, holder)
		holder.waiting = append(holder.waiting, e)
		return nil
	}
	u, err := p.service.store.FindUser(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case e.person != nil && u.ID == e.person.id:
	case key.Username != "":
		e.fail("the username" + heldElsewhere)
	default:
		e.fail("the default extension" + heldElsewhere)
	}
	return nil
}

// giveUp fails all who wait for what its holder keeps. A failed entry keeps what
// its person has, and so fails those who wait for it.
func (p *syncPlan) giveUp(held holders) {
	doubtful := slices.Clone(p.entries)
	for len(doubtful) > 0 {
		last := len(doubtful) - 1
		e := doubtful[last]
		doubtful = doubtful[:last]
		username, extension := held.usernames[FoldUsername(e.username)], held.extensions[e.extension]
		switch {
		case e.step == nil:
		case username != nil && username != e.person && !username.leavesUsername():
			e.fail("the username" + heldElsewhere)
		case extension != nil && extension != e.person && !extension.leavesExtension():
			e.fail("the default extension" + heldElsewhere)
		}
		if e.problem != "" && e.person != nil {
			doubtful = append(doubtful, e.person.waiting...)
			e.person.waiting = nil
		}
	}
}
