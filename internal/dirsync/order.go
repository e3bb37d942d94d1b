package dirsync

import (
	"fmt"
	"math"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// orderSteps puts the steps into an order in which they succeed.
func (p *Plan) orderSteps() {
	var disabled []*Step
	for _, user := range p.users {
		switch {
		case user.step == nil:
		case user.isDeleted():
			p.removals = append(p.removals, user.step)
		default:
			disabled = append(disabled, user.step)
		}
	}
	slices.SortFunc(p.removals, (*Step).compare)
	slices.SortFunc(disabled, (*Step).compare)
	p.removals = append(p.removals, disabled...)
	var changed []*Entry
	for _, e := range p.entries {
		switch {
		case e.Step == nil:
		case e.user == nil:
			p.creations = append(p.creations, e.Step)
		default:
			changed = append(changed, e)
		}
	}
	slices.SortFunc(p.creations, (*Step).compare)
	slices.SortFunc(changed, func(a, b *Entry) int { return a.Step.compare(b.Step) })
	p.updates = topoSort(changed)
}

// topoSort orders the changes so that each username and extension is free when a
// user needs it. The changes of a cycle, such as two users who swap their names,
// form one batch.
func topoSort(changes []*Entry) [][]*Step {
	pending := make(map[*Entry]int, len(changes))
	var ready []*Entry
	for _, e := range changes {
		pending[e] = len(slices.DeleteFunc(slices.Clone(e.blockedBy), (*User).isDeleted))
		if pending[e] == 0 {
			ready = append(ready, e)
		}
	}
	var batches [][]*Step
	for len(ready) > 0 {
		e := ready[0]
		ready = ready[1:]
		delete(pending, e)
		batches = append(batches, []*Step{e.Step})
		for _, next := range e.user.blocking {
			if _, isPending := pending[next]; !isPending {
				continue // for others, or to be created
			}
			if pending[next]--; pending[next] == 0 {
				ready = append(ready, next)
			}
		}
	}
	for _, e := range changes {
		if cycle := takeCycle(e, pending); len(cycle) > 0 {
			batches = append(batches, cycle)
		}
	}
	return batches
}

// takeCycle returns the steps of the cycle that e is part of, and removes them from
// pending.
func takeCycle(e *Entry, pending map[*Entry]int) []*Step {
	var steps []*Step
	for next := []*Entry{e}; len(next) > 0; {
		e, next = next[len(next)-1], next[:len(next)-1]
		if _, isPending := pending[e]; !isPending {
			continue
		}
		delete(pending, e)
		steps = append(steps, e.Step)
		next = append(next, e.user.blocking...)
		for _, owner := range e.blockedBy {
			if owner.entry != nil {
				next = append(next, owner.entry)
			}
		}
	}
	slices.SortFunc(steps, (*Step).compare)
	return steps
}

// checkRemovalRatio returns an error if the plan removes too many users or
// memberships.
func (p *Plan) checkRemovalRatio() error {
	if len(p.users) == 0 {
		return nil
	}
	if p.Entries == 0 {
		return &store.ConflictError{Reason: fmt.Sprintf("the directory returned no entries but %d users are linked to it; check the base DN and the filter", len(p.users))}
	}
	memberships := 0
	for _, user := range p.users {
		memberships += user.ManagedGroups
	}
	removed, lost := 0, 0
	for _, step := range p.Steps() {
		if step.Action == Disable || step.Action == Delete {
			removed++
		}
		lost += step.RemovedGroups
	}
	if limit := p.removalLimit(len(p.users)); removed > limit {
		return &store.ConflictError{Reason: fmt.Sprintf(
			"this would disable or delete %d of %d users of the directory, but at most %d at once; check the users, and allow a larger ratio if this is intended",
			removed, len(p.users), limit)}
	}
	if limit := p.removalLimit(memberships); lost > limit {
		return &store.ConflictError{Reason: fmt.Sprintf(
			"this would remove %d of %d memberships in groups of the directory, but at most %d at once; check that its groups can be read, and allow a larger ratio if this is intended",
			lost, memberships, limit)}
	}
	return nil
}

// removalLimit returns how many of total may be removed at once.
func (p *Plan) removalLimit(total int) int {
	const rounding = 1e-9
	return max(1, int(math.Floor(p.opts.MaxRemovalRatio*float64(total)+rounding)))
}
