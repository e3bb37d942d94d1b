package dirsync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Options of [NewPlan].
type Options struct {
	// MaxRemovalRatio is the maximum ratio of users that a sync disables or
	// deletes, and of memberships that it ends. One removal is always allowed.
	MaxRemovalRatio float64
	// DeleteAfter is how long a missing user stays disabled before it is deleted;
	// negative means forever.
	DeleteAfter time.Duration
	Now         time.Time
	Lookup      Lookup
	// Adopt links the entries of new users to the users who have left and have their
	// usernames. If it is nil, such an entry is a problem.
	Adopt AdoptFunc
	// LoginByEmail and LoginByExtension report that the email and the default extension
	// are login names, which are unique together with the usernames.
	LoginByEmail, LoginByExtension bool
}

// Lookup finds the owners of unique values among all users.
type Lookup interface {
	// UsernameOwner returns the user with that username, or the zero Owner.
	UsernameOwner(ctx context.Context, username string) (Owner, error)
	// ExtensionOwner returns the user with that default extension, or the zero Owner.
	ExtensionOwner(ctx context.Context, extension string) (Owner, error)
	// LoginOwner returns the user with that login name, or the zero Owner. It returns
	// none if neither the email nor the default extension is a login name.
	LoginOwner(ctx context.Context, name string) (Owner, error)
	// CheckDelete returns the reason why the user with that ID cannot be deleted,
	// or "". It returns an error wrapping [store.ErrNotFound] if there is no such
	// user.
	CheckDelete(ctx context.Context, id store.UserID) (problem string, err error)
}

// Owner is the user who has a unique value.
type Owner struct {
	ID store.UserID
	// Local reports that the user comes from no directory.
	Local bool
}

// Plan is the plan of a sync.
type Plan struct {
	// Entries is the number of entries in the directory.
	Entries  int
	Problems []Problem
	// Warnings are about single fields of entries, in the order of the external IDs.
	Warnings []Problem

	opts    Options
	users   []*User
	entries []*Entry // with distinct external IDs, in their order
	// noExternalID counts the entries without a valid external ID.
	noExternalID int

	// removals, updates and creations are the steps, in this order. The steps of
	// one update have to be done together.
	removals  []*Step
	updates   [][]*Step
	creations []*Step
}

// NewPlan plans the synchronization of the users of a directory with its entries.
// It takes ownership of both. If the plan removes too many users, NewPlan returns
// it with an error wrapping [store.ErrConflict].
func NewPlan(ctx context.Context, users []*User, entries []*Entry, opts Options) (*Plan, error) {
	p := &Plan{Entries: len(entries), opts: opts, users: users}
	p.addEntries(entries)
	if err := p.planRemovals(ctx); err != nil {
		return nil, err
	}
	p.failDuplicateUsernames()
	if err := p.adoptLeavers(ctx); err != nil {
		return nil, err
	}
	if err := p.resolveUnique(ctx); err != nil {
		return nil, err
	}
	p.orderSteps()
	err := p.checkRemovalRatio()
	return p, err
}

// addEntries links the entries to their users.
func (p *Plan) addEntries(entries []*Entry) {
	users := make(map[string]*User, len(p.users))
	for _, u := range p.users {
		users[u.ExternalID] = u
	}
	byID := make(map[string]*Entry, len(entries))
	for _, e := range entries {
		if e.ExternalID == "" {
			p.noExternalID++
			p.addProblem("", e.Username, e.Problem)
			continue
		}
		if earlier := byID[e.ExternalID]; earlier != nil {
			const duplicate = "duplicate external ID in the directory"
			p.addProblem(e.ExternalID, e.Username, duplicate)
			if earlier.Problem == "" {
				earlier.Fail(duplicate)
			}
			continue
		}
		byID[e.ExternalID] = e
		p.entries = append(p.entries, e)
		if e.user = users[e.ExternalID]; e.user != nil {
			e.user.entry = e
		}
	}
	slices.SortFunc(p.entries, func(a, b *Entry) int { return strings.Compare(a.ExternalID, b.ExternalID) })
}

// planRemovals plans to disable the users with disabled entries, and to remove the
// users without an entry. If entries have no valid external ID, they may belong to
// these users, and no missing user is removed.
func (p *Plan) planRemovals(ctx context.Context) error {
	missing := 0
	for _, user := range p.users {
		if user.entry != nil {
			if user.entry.Disabled && user.entry.Problem == "" && !user.Disabled {
				user.step = user.disableStep()
			}
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
		p.addProblem("", "", "some entries have no valid external ID, so missing users cannot be determined; no user was disabled or deleted")
	}
	return nil
}

// planMissingUser plans to disable a missing user, or to delete a user that has
// been missing for DeleteAfter. A user that an administrator disabled stays.
func (p *Plan) planMissingUser(ctx context.Context, user *User) error {
	step := user.disableStep()
	switch {
	case !user.Disabled:
		user.step = step
		return nil
	case user.MissingSince.IsZero() || p.opts.DeleteAfter < 0 || p.opts.Now.Before(user.MissingSince.Add(p.opts.DeleteAfter)):
		return nil
	}
	problem, err := p.opts.Lookup.CheckDelete(ctx, user.ID)
	switch {
	case errors.Is(err, store.ErrNotFound): // deleted at the same time
	case err != nil:
		return err
	case problem != "":
		p.addProblem(user.ExternalID, user.Username, problem)
	default:
		step.Action = Delete
		user.step = step
	}
	return nil
}

// disableStep returns the step that disables the user.
func (u *User) disableStep() *Step {
	return &Step{UserID: u.ID, Action: Disable, ExternalID: u.ExternalID, Username: u.Username}
}

func (p *Plan) addProblem(externalID, username, message string) {
	p.Problems = append(p.Problems, Problem{ExternalID: externalID, Username: username, Message: message})
}

// Batches returns the steps in their order. The steps of a batch must be done
// together.
func (p *Plan) Batches() [][]*Step {
	batches := make([][]*Step, 0, len(p.removals)+len(p.updates)+len(p.creations))
	for _, step := range p.removals {
		batches = append(batches, []*Step{step})
	}
	batches = append(batches, p.updates...)
	for _, step := range p.creations {
		batches = append(batches, []*Step{step})
	}
	return batches
}

// Entry returns the entry with that external ID, or nil.
func (p *Plan) Entry(externalID string) *Entry {
	i := slices.IndexFunc(p.entries, func(e *Entry) bool { return e.ExternalID == externalID })
	if i < 0 {
		return nil
	}
	return p.entries[i]
}

// Limit limits the plan to the step, the problem and the warnings of an entry.
func (p *Plan) Limit(e *Entry) {
	isOther := func(problem Problem) bool { return problem.ExternalID != e.ExternalID }
	p.Problems, p.Warnings = slices.DeleteFunc(p.Problems, isOther), slices.DeleteFunc(p.Warnings, isOther)
	p.removals, p.updates, p.creations = nil, nil, nil
	if e.Step != nil {
		p.updates = [][]*Step{{e.Step}}
	}
}

// Steps returns all steps in their order.
func (p *Plan) Steps() []*Step { return slices.Concat(p.Batches()...) }

// Unchanged returns the number of entries that need no step and have no problem.
func (p *Plan) Unchanged() int {
	unchanged := 0
	for _, e := range p.entries {
		if e.Problem == "" && e.Step == nil && (e.user == nil || e.user.step == nil) {
			unchanged++
		}
	}
	return unchanged
}

// Settled returns the number of entries that need no step.
func (p *Plan) Settled() int {
	return len(p.entries) - len(slices.Concat(p.updates...)) - len(p.creations)
}
