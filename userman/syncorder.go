package userman

import (
	"fmt"
	"math"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// order puts the steps into the order in which they can be done.
func (p *syncPlan) order() {
	var disabled []*syncStep
	for _, person := range p.people {
		switch {
		case person.step == nil:
		case person.deleted():
			p.gone = append(p.gone, person.step)
		default:
			disabled = append(disabled, person.step)
		}
	}
	slices.SortFunc(p.gone, (*syncStep).compare)
	slices.SortFunc(disabled, (*syncStep).compare)
	p.gone = append(p.gone, disabled...)
	var changed []*syncEntry
	for _, e := range p.entries {
		switch {
		case e.step == nil:
		case e.person == nil:
			p.created = append(p.created, e.step)
		default:
			changed = append(changed, e)
		}
	}
	slices.SortFunc(p.created, (*syncStep).compare)
	slices.SortFunc(changed, func(a, b *syncEntry) int { return a.step.compare(b.step) })
	p.changed = inTurn(changed)
}

// inTurn returns the changes in an order in which everybody finds free what
// they are to have. Those who wait for each other in a circle, as two who swap
// their usernames, stand together.
func inTurn(changes []*syncEntry) [][]*syncStep {
	left := make(map[*syncEntry]int, len(changes))
	var ready []*syncEntry
	for _, e := range changes {
		left[e] = len(slices.DeleteFunc(slices.Clone(e.awaits), (*syncPerson).deleted))
		if left[e] == 0 {
			ready = append(ready, e)
		}
	}
	var turns [][]*syncStep
	for len(ready) > 0 {
		e := ready[0]
		ready = ready[1:]
		delete(left, e)
		turns = append(turns, []*syncStep{e.step})
		for _, next := range e.person.waiting {
			if _, waits := left[next]; !waits {
				continue // for others, or to be created
			}
			if left[next]--; left[next] == 0 {
				ready = append(ready, next)
			}
		}
	}
	for _, e := range changes {
		if circle := connected(e, left); len(circle) > 0 {
			turns = append(turns, circle)
		}
	}
	return turns
}

// connected returns the steps of e and of all who wait for each other with it,
// and takes them out of left.
func connected(e *syncEntry, left map[*syncEntry]int) []*syncStep {
	var steps []*syncStep
	for next := []*syncEntry{e}; len(next) > 0; {
		e, next = next[len(next)-1], next[:len(next)-1]
		if _, waits := left[e]; !waits {
			continue
		}
		delete(left, e)
		steps = append(steps, e.step)
		next = append(next, e.person.waiting...)
		for _, holder := range e.awaits {
			if holder.entry != nil {
				next = append(next, holder.entry)
			}
		}
	}
	slices.SortFunc(steps, (*syncStep).compare)
	return steps
}

// guard refuses what would make too many go.
func (p *syncPlan) guard() error {
	if len(p.people) == 0 {
		return nil
	}
	if p.seen == 0 {
		return &store.ConflictError{Reason: fmt.Sprintf("the directory reads as empty, while %d people come from it; look whether it is read in the right place", len(p.people))}
	}
	gone, fewer := 0, 0
	for _, step := range p.steps() {
		if step.Action == SyncDisable || step.Action == SyncDelete {
			gone++
		}
		fewer += step.fewer
	}
	if most := p.most(len(p.people)); gone > most {
		return &store.ConflictError{Reason: fmt.Sprintf(
			"this would disable or delete %d of the %d people of the directory, and %d at most may go at once; look who they are, and allow a larger share if they should",
			gone, len(p.people), most)}
	}
	if most := p.most(p.memberships); fewer > most {
		return &store.ConflictError{Reason: fmt.Sprintf(
			"this would take away %d of the %d memberships in groups of the directory, and %d at most may go at once; look whether its groups can be read, and allow a larger share if they should go",
			fewer, p.memberships, most)}
	}
	return nil
}

// most returns how many of all may go at once.
func (p *syncPlan) most(all int) int {
	const rounding = 1e-9
	return max(1, int(math.Floor(p.opts.MaxGone*float64(all)+rounding)))
}
