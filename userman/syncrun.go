package userman

import (
	"context"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// run does what is planned, each step in a transaction of its own. A refusal is
// a problem in the report; any other error ends it.
func (p *syncPlan) run(ctx context.Context) (*SyncReport, error) {
	report := p.newReport()
	defer report.sort()
	if err := p.createGroups(ctx, report); err != nil {
		return report, err
	}
	done := len(p.entries) - len(slices.Concat(p.updates...)) - len(p.creations)
	p.opts.Progress(done)
	for _, batch := range p.batches() {
		err := p.runBatch(ctx, batch)
		if err != nil && !isDomainError(err) {
			return report, err
		}
		for _, step := range batch {
			report.add(step, err)
		}
		done += len(batch)
		p.opts.Progress(done)
	}
	return report, nil
}

// add tells of a step that was done, or refused.
func (r *SyncReport) add(step *syncStep, err error) {
	if err == nil {
		r.Steps = append(r.Steps, step.SyncStep)
		return
	}
	r.Problems = append(r.Problems, SyncProblem{ExternalID: step.ExternalID, Username: step.Username, Message: err.Error()})
}

// batches returns the steps in their order, those together that are done
// together.
func (p *syncPlan) batches() [][]*syncStep {
	batches := make([][]*syncStep, 0, len(p.removals)+len(p.updates)+len(p.creations))
	for _, step := range p.removals {
		batches = append(batches, []*syncStep{step})
	}
	batches = append(batches, p.updates...)
	for _, step := range p.creations {
		batches = append(batches, []*syncStep{step})
	}
	return batches
}

// createGroups makes the groups that are needed. One that somebody else has made
// meanwhile is refused later, where it is used, unless it is of the directory.
func (p *syncPlan) createGroups(ctx context.Context, report *SyncReport) error {
	for _, name := range p.groups.requiredBy(p.steps()) {
		_, err := p.service.createGroup(ctx, "sync create", &Group{Name: name}, func(g *Group) { g.Directory = p.name })
		switch {
		case err == nil:
			report.Groups = append(report.Groups, name)
		case !isDomainError(err):
			return err
		}
	}
	return nil
}

// runBatch does what is to be done together.
func (p *syncPlan) runBatch(ctx context.Context, batch []*syncStep) error {
	if len(batch) == 1 {
		return p.runStep(ctx, batch[0])
	}
	s := p.service
	return s.audit.Do(ctx, s.store, s.userEvent("sync update", batch[0].Username), func(ctx context.Context, r *audit.Recorder) error {
		for _, step := range batch {
			if err := p.releaseUnique(ctx, r, step); err != nil {
				return err
			}
		}
		for _, step := range batch {
			if err := p.runStep(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
}

// releaseUnique frees what the person of a step has, for the others of its turn. The
// trail is told, because each name in it stands for one person at a time.
func (p *syncPlan) releaseUnique(ctx context.Context, r *audit.Recorder, step *syncStep) error {
	before, err := p.service.findByID(ctx, step.id)
	if err != nil {
		return err
	}
	after := before.Clone()
	after.Username, after.DefaultExtension = "renaming-"+before.ID, ""
	return p.service.save(ctx, r, "sync "+string(step.Action), before, after)
}

// runStep does one step.
func (p *syncPlan) runStep(ctx context.Context, step *syncStep) error {
	s, action := p.service, "sync "+string(step.Action)
	var err error
	switch {
	case step.Action == SyncCreate:
		err = p.create(ctx, action, step)
	case step.desired != nil:
		_, err = s.mutateByID(ctx, action, step.id, func(ctx context.Context, u *User) error { return p.update(ctx, step, u) })
	case step.Action == SyncDelete:
		_, err = s.mutateByID(ctx, action, step.id, func(ctx context.Context, u *User) error { return p.softDelete(ctx, u) })
	default:
		_, err = s.mutateByID(ctx, action, step.id, func(_ context.Context, u *User) error {
			if u.Disabled || u.Directory != p.name {
				return errConcurrentChange
			}
			u.markMissing(p.now)
			return nil
		})
	}
	return err
}

// create creates somebody as [Service.Create] does.
func (p *syncPlan) create(ctx context.Context, action string, step *syncStep) error {
	u := step.desired.apply(&User{ExternalID: step.ExternalID}, p.now)
	u.Groups = step.desired.groups
	return p.service.audit.Do(ctx, p.service.store, p.service.userEvent(action, u.Username), func(ctx context.Context, _ *audit.Recorder) error {
		if err := p.checkGroupOwnership(ctx, nil, u.Groups); err != nil {
			return err
		}
		_, err := p.service.create(ctx, action, NewUser{User: u}, func(u *User) { u.Directory = p.name })
		return err
	})
}

// update changes u into what the directory says, in the transaction of ctx.
func (p *syncPlan) update(ctx context.Context, step *syncStep, u *User) error {
	if u.Directory != p.name {
		return errConcurrentChange
	}
	after := step.desired.apply(u, p.now)
	after.Groups = p.groups.merge(u, step.desired)
	if err := p.checkGroupOwnership(ctx, u.Groups, after.Groups); err != nil {
		return err
	}
	errs, err := p.service.validateUser(ctx, after, u)
	if err != nil {
		return err
	}
	if err := store.NewInvalidError(errs...); err != nil {
		return err
	}
	*u = *normalizeLists(after)
	return nil
}

// checkGroupOwnership refuses, in the transaction of ctx, groups that are not of the
// directory by now.
func (p *syncPlan) checkGroupOwnership(ctx context.Context, before, after []string) error {
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

// softDelete deletes somebody who is still missing and may go, in the transaction
// of ctx.
func (p *syncPlan) softDelete(ctx context.Context, u *User) error {
	if u.Directory != p.name || !u.Disabled || u.MissingSince.IsZero() || p.now.Before(u.MissingSince.Add(p.opts.DeleteAfter)) {
		return errConcurrentChange
	}
	return p.service.softDelete(ctx, u)
}
