package userman

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// syncPlan is what a sync is going to do. It keeps a few words of everybody in
// mind, and all that the directory says only of those whom it changes.
type syncPlan struct {
	service   *Service
	directory Directory
	name      string
	opts      SyncOptions
	now       time.Time

	// users are those of the directory here, by external ID.
	users map[string]*syncUser
	// entries are what the directory has, in the order of their external IDs
	// once all are read, and byID finds one by it.
	entries    []*syncEntry
	byID       map[string]*syncEntry
	groups     *syncGroups
	entryCount int
	// memberships counts those of the people in groups of the directory.
	memberships int
	// noExternalID counts entries of which nobody knows whose they are.
	noExternalID int
	problems     []SyncProblem

	// removals, changed and created are the steps, in this order. Those of
	// changed that stand together can only be done together.
	removals  []*syncStep
	updates   [][]*syncStep
	creations []*syncStep
}

// planSync reads the directory to its end and plans what to do. With a refusal
// of all of it comes the plan.
func (s *Service) planSync(ctx context.Context, d Directory, opts SyncOptions) (*syncPlan, error) {
	p := &syncPlan{
		service: s, directory: d, name: d.Name(), opts: opts, now: s.now(),
		users: map[string]*syncUser{}, byID: map[string]*syncEntry{},
	}
	for _, step := range []func(context.Context) error{
		p.readGroups, p.readUsers, p.readDirectory, p.planMissing, p.resolveUnique,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	p.orderSteps()
	err := p.checkRemovalRatio()
	return p, err
}

// readUsers reads who comes from the directory.
func (p *syncPlan) readUsers(ctx context.Context) error {
	q := Query{Directory: &p.name, PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}
	for {
		list, err := p.service.store.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range list.Items {
			p.users[u.ExternalID] = &syncUser{
				id: u.ID, externalID: u.ExternalID, username: u.Username, extension: u.DefaultExtension,
				disabled: u.Disabled, missingSince: u.MissingSince,
			}
			p.memberships += len(u.Groups) - len(p.groups.unmanaged(u))
		}
		if q.After = list.Next; q.After == "" {
			return nil
		}
	}
}

// planMissing plans what becomes of those whom the directory does not have any
// more. While there are entries of nobody knows whom, nobody is missing.
func (p *syncPlan) planMissing(ctx context.Context) error {
	missing := 0
	for _, user := range p.users {
		if user.entry != nil {
			continue
		}
		if missing++; p.noExternalID > 0 {
			continue
		}
		if err := p.planMissingUser(ctx, user); err != nil {
			return err
		}
	}
	if missing > 0 && p.noExternalID > 0 {
		p.addProblem("", "", "some entries have no usable external ID, so that nobody can tell who is missing; nobody was disabled or deleted")
	}
	return nil
}

// planMissingUser plans what becomes of somebody who is missing. Who was disabled by hand
// stays as they are.
func (p *syncPlan) planMissingUser(ctx context.Context, user *syncUser) error {
	step := &syncStep{id: user.id, SyncStep: SyncStep{Action: SyncDisable, ExternalID: user.externalID, Username: user.username}}
	switch {
	case !user.disabled:
		user.step = step
		return nil
	case user.missingSince.IsZero() || p.opts.DeleteAfter < 0 || p.now.Before(user.missingSince.Add(p.opts.DeleteAfter)):
		return nil
	}
	u, err := p.service.store.User(ctx, user.id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !u.DeletedAt.IsZero():
		return nil // somebody else was faster
	case err != nil:
		return err
	}
	references, err := p.service.listReferences(ctx, u)
	switch {
	case err != nil:
		return err
	case len(references) > 0:
		p.addProblem(user.externalID, user.username, (&store.InUseError{Kind: KindUser, References: references}).Error())
	default:
		step.Action = SyncDelete
		user.step = step
	}
	return nil
}

// addProblem adds to the report. What is no external ID or no username is left
// out of it.
func (p *syncPlan) addProblem(externalID, username, message string) {
	p.problems = append(p.problems, SyncProblem{ExternalID: externalID, Username: validUsername(username), Message: message})
}

// steps returns all steps in their order.
func (p *syncPlan) steps() []*syncStep {
	return slices.Concat(p.removals, slices.Concat(p.updates...), p.creations)
}

// report tells what is planned; nil when nothing is.
func (p *syncPlan) report() *SyncReport {
	if p == nil {
		return nil
	}
	r := p.newReport()
	r.DryRun = true
	for _, step := range p.steps() {
		r.Steps = append(r.Steps, step.SyncStep)
	}
	r.Groups = p.groups.requiredBy(p.steps())
	r.sort()
	return r
}

// newReport returns a report of what needs nothing to be done.
func (p *syncPlan) newReport() *SyncReport {
	r := &SyncReport{Directory: p.name, Entries: p.entryCount, Steps: []SyncStep{}, Problems: append([]SyncProblem{}, p.problems...), Groups: []string{}}
	for _, e := range p.entries {
		if e.problem == "" && e.step == nil {
			r.Unchanged++
		}
	}
	return r
}

// sort brings the problems into their order.
func (r *SyncReport) sort() {
	slices.SortStableFunc(r.Problems, func(a, b SyncProblem) int {
		return cmp.Or(cmp.Compare(a.ExternalID, b.ExternalID), cmp.Compare(a.Username, b.Username), cmp.Compare(a.Message, b.Message))
	})
}
