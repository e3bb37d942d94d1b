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

	// people are those of the directory here, by external ID.
	people map[string]*syncPerson
	// entries are what the directory has, in the order of their external IDs
	// once all are read, and byID finds one by it.
	entries []*syncEntry
	byID    map[string]*syncEntry
	groups  *syncGroups
	seen    int
	// memberships counts those of the people in groups of the directory.
	memberships int
	// nameless counts entries of which nobody knows whose they are.
	nameless int
	problems []SyncProblem

	// gone, changed and created are the steps, in this order. Those of
	// changed that stand together can only be done together.
	gone    []*syncStep
	changed [][]*syncStep
	created []*syncStep
}

// planSync reads the directory to its end and plans what to do. With a refusal
// of all of it comes the plan.
func (s *Service) planSync(ctx context.Context, d Directory, opts SyncOptions) (*syncPlan, error) {
	p := &syncPlan{
		service: s, directory: d, name: d.Name(), opts: opts, now: s.now(),
		people: map[string]*syncPerson{}, byID: map[string]*syncEntry{},
	}
	for _, step := range []func(context.Context) error{
		p.readGroups, p.readPeople, p.readDirectory, p.missing, p.claims,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	p.order()
	err := p.guard()
	return p, err
}

// readPeople reads who comes from the directory.
func (p *syncPlan) readPeople(ctx context.Context) error {
	q := Query{Directory: &p.name, Page: store.Page{Limit: store.MaxPageLimit}}
	for {
		list, err := p.service.store.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range list.Items {
			p.people[u.ExternalID] = &syncPerson{
				id: u.ID, externalID: u.ExternalID, username: u.Username, extension: u.DefaultExtension,
				disabled: u.Disabled, missingSince: u.MissingSince,
			}
			p.memberships += len(u.Groups) - len(p.groups.others(u))
		}
		if q.After = list.Next; q.After == "" {
			return nil
		}
	}
}

// missing plans what becomes of those whom the directory does not have any
// more. While there are entries of nobody knows whom, nobody is missing.
func (p *syncPlan) missing(ctx context.Context) error {
	missing := 0
	for _, person := range p.people {
		if person.entry != nil {
			continue
		}
		if missing++; p.nameless > 0 {
			continue
		}
		if err := p.miss(ctx, person); err != nil {
			return err
		}
	}
	if missing > 0 && p.nameless > 0 {
		p.problem("", "", "some entries have no usable external ID, so that nobody can tell who is missing; nobody was disabled or deleted")
	}
	return nil
}

// miss plans what becomes of somebody who is missing. Who was disabled by hand
// stays as they are.
func (p *syncPlan) miss(ctx context.Context, person *syncPerson) error {
	step := &syncStep{id: person.id, SyncStep: SyncStep{Action: SyncDisable, ExternalID: person.externalID, Username: person.username}}
	switch {
	case !person.disabled:
		person.step = step
		return nil
	case person.missingSince.IsZero() || p.opts.Grace < 0 || p.now.Before(person.missingSince.Add(p.opts.Grace)):
		return nil
	}
	u, err := p.service.store.User(ctx, person.id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !u.DeletedAt.IsZero():
		return nil // somebody else was faster
	case err != nil:
		return err
	}
	references, err := p.service.references(ctx, u)
	switch {
	case err != nil:
		return err
	case len(references) > 0:
		p.problem(person.externalID, person.username, (&store.InUseError{Kind: PersonRecord, References: references}).Error())
	default:
		step.Action = SyncDelete
		person.step = step
	}
	return nil
}

// problem adds to the report. What is no external ID or no username is left
// out of it.
func (p *syncPlan) problem(externalID, username, message string) {
	p.problems = append(p.problems, SyncProblem{ExternalID: externalID, Username: usernameOrNone(username), Message: message})
}

// steps returns all steps in their order.
func (p *syncPlan) steps() []*syncStep {
	return slices.Concat(p.gone, slices.Concat(p.changed...), p.created)
}

// report tells what is planned; nil when nothing is.
func (p *syncPlan) report() *SyncReport {
	if p == nil {
		return nil
	}
	r := p.begin()
	r.DryRun = true
	for _, step := range p.steps() {
		r.Steps = append(r.Steps, step.SyncStep)
	}
	r.Groups = p.groups.needed(p.steps())
	r.sort()
	return r
}

// begin returns a report of what needs nothing to be done.
func (p *syncPlan) begin() *SyncReport {
	r := &SyncReport{Directory: p.name, Seen: p.seen, Steps: []SyncStep{}, Problems: append([]SyncProblem{}, p.problems...), Groups: []string{}}
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
