package userman

import (
	"context"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// run does what is planned, each step in a transaction of its own. A refusal is
// a problem in the report; any other error ends it.
func (p *syncPlan) run(ctx context.Context) (*SyncReport, error) {
	report := p.begin()
	defer report.sort()
	if err := p.makeGroups(ctx, report); err != nil {
		return report, err
	}
	done := len(p.entries) - len(slices.Concat(p.changed...)) - len(p.created)
	p.opts.Progress(done)
	for _, turn := range p.turns() {
		err := p.do(ctx, turn)
		if err != nil && !refused(err) {
			return report, err
		}
		for _, step := range turn {
			report.add(step, err)
		}
		done += len(turn)
		p.opts.Progress(done)
	}
	return report, nil
}

// add tells of a step that was done, or refused.
func (r *SyncReport) add(step *syncStep, refusal error) {
	if refusal == nil {
		r.Steps = append(r.Steps, step.SyncStep)
		return
	}
	r.Problems = append(r.Problems, SyncProblem{ExternalID: step.ExternalID, Username: step.Username, Message: refusal.Error()})
}

// turns returns the steps in their order, those together that are done
// together.
func (p *syncPlan) turns() [][]*syncStep {
	turns := make([][]*syncStep, 0, len(p.gone)+len(p.changed)+len(p.created))
	for _, step := range p.gone {
		turns = append(turns, []*syncStep{step})
	}
	turns = append(turns, p.changed...)
	for _, step := range p.created {
		turns = append(turns, []*syncStep{step})
	}
	return turns
}

// makeGroups makes the groups that are needed. One that somebody else has made
// meanwhile is refused later, where it is used, unless it is of the directory.
func (p *syncPlan) makeGroups(ctx context.Context, report *SyncReport) error {
	for _, name := range p.groups.needed(p.steps()) {
		_, err := p.service.createGroup(ctx, "sync create", &Group{Name: name}, func(g *Group) { g.Directory = p.name })
		switch {
		case err == nil:
			report.Groups = append(report.Groups, name)
		case !refused(err):
			return err
		}
	}
	return nil
}

// do does what is to be done together.
func (p *syncPlan) do(ctx context.Context, turn []*syncStep) error {
	if len(turn) == 1 {
		return p.doStep(ctx, turn[0])
	}
	s := p.service
	return s.together(ctx, s.event("sync update", turn[0].Username), func(ctx context.Context) error {
		for _, step := range turn {
			if err := p.park(ctx, step); err != nil {
				return err
			}
		}
		for _, step := range turn {
			if err := p.doStep(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
}

// park frees what the person of a step has, for the others of its turn. The
// trail is told, because each name in it stands for one person at a time.
func (p *syncPlan) park(ctx context.Context, step *syncStep) error {
	before, err := p.service.findByID(ctx, step.id)
	if err != nil {
		return err
	}
	after := before.Clone()
	after.Username, after.DefaultExtension = "renaming-"+before.ID, ""
	return p.service.keep(ctx, "sync "+string(step.Action), before, after)
}

// doStep does one step.
func (p *syncPlan) doStep(ctx context.Context, step *syncStep) error {
	s, action := p.service, "sync "+string(step.Action)
	var err error
	switch {
	case step.Action == SyncCreate:
		err = p.create(ctx, action, step)
	case step.word != nil:
		_, err = s.actOn(ctx, action, step.id, func(ctx context.Context, u *User) error { return p.update(ctx, step, u) })
	case step.Action == SyncDelete:
		_, err = s.actOn(ctx, action, step.id, func(ctx context.Context, u *User) error { return p.setAside(ctx, u) })
	default:
		_, err = s.actOn(ctx, action, step.id, func(_ context.Context, u *User) error {
			if u.Disabled || u.Directory != p.name {
				return errMeanwhile
			}
			u.miss(p.now)
			return nil
		})
	}
	return err
}

// create creates somebody as [Service.Create] does.
func (p *syncPlan) create(ctx context.Context, action string, step *syncStep) error {
	u := step.word.merged(&User{ExternalID: step.ExternalID}, p.now)
	u.Groups = step.word.groups
	return p.service.together(ctx, p.service.event(action, u.Username), func(ctx context.Context) error {
		if err := p.mayJoin(ctx, nil, u.Groups); err != nil {
			return err
		}
		_, err := p.service.create(ctx, action, NewUser{User: u}, func(u *User) { u.Directory = p.name })
		return err
	})
}

// update changes u into what the directory says, in the transaction of ctx.
func (p *syncPlan) update(ctx context.Context, step *syncStep, u *User) error {
	if u.Directory != p.name {
		return errMeanwhile
	}
	after := step.word.merged(u, p.now)
	after.Groups = p.groups.after(u, step.word)
	if err := p.mayJoin(ctx, u.Groups, after.Groups); err != nil {
		return err
	}
	wrong, err := p.service.check(ctx, after, u)
	if err != nil {
		return err
	}
	if err := store.Invalid(wrong...); err != nil {
		return err
	}
	*u = *normalised(after)
	return nil
}

// mayJoin refuses, in the transaction of ctx, groups that are not of the
// directory by now.
func (p *syncPlan) mayJoin(ctx context.Context, before, after []string) error {
	for _, name := range after {
		if slices.Contains(before, name) {
			continue
		}
		g, err := p.service.store.Group(ctx, name)
		if err != nil {
			return err
		}
		if g.Directory != p.name {
			return &store.ConflictError{Reason: fmt.Sprintf("the group %s was made here at the same time; rename one of the two, and sync again", g.Name)}
		}
	}
	return nil
}

// setAside deletes somebody who is still missing and may go, in the transaction
// of ctx.
func (p *syncPlan) setAside(ctx context.Context, u *User) error {
	if u.Directory != p.name || !u.Disabled || u.MissingSince.IsZero() || p.now.Before(u.MissingSince.Add(p.opts.Grace)) {
		return errMeanwhile
	}
	return p.service.setAside(ctx, u)
}
