package userman

import (
	"fmt"
	"math"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// orderSteps puts the steps into the order in which they can be done.
func (p *syncPlan) orderSteps() {
	var disabled []*syncStep
	for _, user := range p.users {
		switch {
		case user.step == nil:
		case user.isDeleted():
			p.removals = append(p.removals, user.step)
		default:
			disabled = append(disabled, user.step)
		}
	}
	slices.SortFunc(p.removals, (*syncStep).compare)
	slices.SortFunc(disabled, (*syncStep).compare)
	p.removals = append(p.removals, disabled...)
	var changed []*syncEntry
	for _, e := range p.entries {
		switch {
		case e.step == nil:
		case e.user == nil:
			p.creations = append(p.creations, e.step)
		default:
			changed = append(changed, e)
		}
	}
	slices.SortFunc(p.creations, (*syncStep).compare)
	slices.SortFunc(changed, func(a, b *syncEntry) int { return a.step.compare(b.step) })
	p.updates = topoSort(changed)
}

// topoSort returns the changes in an order in which everybody finds free what
// they are to have. Those who wait for each other in a circle, as two who swap
// their usernames, stand together.
func topoSort(changes []*syncEntry) [][]*syncStep {
	pending := make(map[*syncEntry]int, len(changes))
	var ready []*syncEntry
	for _, e := range changes {
		pending[e] = len(slices.DeleteFunc(slices.Clone(e.blockedBy), (*syncUser).isDeleted))
		if pending[e] == 0 {
			ready = append(ready, e)
		}
	}
	var batches [][]*syncStep
	for len(ready) > 0 {
		e := ready[0]
		ready = ready[1:]
		delete(pending, e)
		batches = append(batches, []*syncStep{e.step})
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

// takeCycle returns the steps of e and of all who wait for each other with it,
// and takes them out of left.
func takeCycle(e *syncEntry, pending map[*syncEntry]int) []*syncStep {
	var steps []*syncStep
	for next := []*syncEntry{e}; len(next) > 0; {
		e, next = next[len(next)-1], next[:len(next)-1]
		if _, isPending := pending[e]; !isPending {
			continue
		}
		delete(pending, e)
		steps = append(steps, e.step)
		next = append(next, e.user.blocking...)
		for _, owner := range e.blockedBy {
			if owner.entry != nil {
				next = append(next, owner.entry)
			}
		}
	}
	slices.SortFunc(steps, (*syncStep).compare)
	return steps
}

// checkRemovalRatio refuses what would make too many go.
func (p *syncPlan) checkRemovalRatio() error {
	if len(p.users) == 0 {
		return nil
	}
	if p.entryCount == 0 {
		return &store.ConflictError{Reason: fmt.Sprintf("the directory reads as empty, while %d people come from it; look whether it is read in the right place", len(p.users))}
	}
	removed, lost := 0, 0
	for _, step := range p.steps() {
		if step.Action == SyncDisable || step.Action == SyncDelete {
			removed++
		}
		lost += step.removedGroups
	}
	if limit := p.removalLimit(len(p.users)); removed > limit {
		return &store.ConflictError{Reason: fmt.Sprintf(
			"this would disable or delete %d of the %d people of the directory, and %d at most may go at once; look who they are, and allow a larger share if they should",
			removed, len(p.users), limit)}
	}
	if limit := p.removalLimit(p.memberships); lost > limit {
		return &store.ConflictError{Reason: fmt.Sprintf(
			"this would take away %d of the %d memberships in groups of the directory, and %d at most may go at once; look whether its groups can be read, and allow a larger share if they should go",
			lost, p.memberships, limit)}
	}
	return nil
}

// removalLimit returns how many of all may go at once.
func (p *syncPlan) removalLimit(total int) int {
	const rounding = 1e-9
	return max(1, int(math.Floor(p.opts.MaxRemovalRatio*float64(total)+rounding)))
}
