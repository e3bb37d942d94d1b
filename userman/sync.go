package userman

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/internal/dirsync"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// SyncOptions of [Service.Sync].
type SyncOptions struct {
	// DryRun plans and changes nothing.
	DryRun bool
	// MaxRemovalRatio is the largest share of the directory's people here, above 0 up
	// to 1, that one sync disables or deletes, and by which their memberships
	// in its groups become fewer, all together; more is a
	// [store.ConflictError], and nothing is changed. Defaults to 0.1. At least
	// one may always go.
	MaxRemovalRatio float64
	// DeleteAfter is how long somebody who is missing stays disabled before they are
	// deleted, see [Service.Delete]. Defaults to 30 days; negative never
	// deletes.
	DeleteAfter time.Duration
	// Progress is told how many people have been seen to, each time that they
	// are more. Defaults to nobody.
	Progress func(done int)
}

// SyncAction is what a sync does to somebody.
type SyncAction string

// What a sync does.
const (
	SyncCreate  SyncAction = SyncAction(dirsync.Create)
	SyncUpdate  SyncAction = SyncAction(dirsync.Update)
	SyncEnable  SyncAction = SyncAction(dirsync.Enable)
	SyncDisable SyncAction = SyncAction(dirsync.Disable)
	SyncDelete  SyncAction = SyncAction(dirsync.Delete)
)

// SyncStep is one step of a sync.
type SyncStep struct {
	Action     SyncAction `json:"action"`
	ExternalID string     `json:"external_id"`
	Username   string     `json:"username"`
	// Fields are the names of those that change.
	Fields []string `json:"fields,omitempty"`
}

// SyncProblem is somebody whom a sync could not see to, or a group: then
// external ID and username are empty.
type SyncProblem struct {
	ExternalID string `json:"external_id"`
	Username   string `json:"username"`
	// Message is one sentence, without values of theirs.
	Message string `json:"message"`
}

// SyncReport is what a sync did, or would do.
type SyncReport struct {
	Directory string `json:"directory"`
	// DryRun says that the steps were planned only.
	DryRun bool `json:"dry_run"`
	// Entries is how many entries the directory has, and Unchanged how many of
	// them needed nothing.
	Entries   int `json:"entries"`
	Unchanged int `json:"unchanged"`
	// Steps are in the order in which they are done: those who go first, so
	// that what they held is free. Problems are in the order of the external
	// IDs.
	Steps    []SyncStep    `json:"steps"`
	Problems []SyncProblem `json:"problems"`
	// Groups are the names of groups that were made.
	Groups []string `json:"groups"`
}

// Sync brings the people of a directory up to date. Whoever appears is created,
// in the default groups and those of the directory; fields that the directory
// owns are updated, also the username; whoever is missing is disabled, and
// deleted when the grace is over; whoever comes back is enabled again, unless
// disabled by hand: those a sync neither enables nor deletes. A problem with one
// entry does not stop the others, and keeps its person as they are; a username
// or default extension that others hold, in the directory or here, is one.
//
// Memberships in the groups of the directory follow it; groups are made as they
// are needed, without permissions, and never deleted. A group that is kept here,
// or comes from elsewhere, is not used whatever it is called: nobody gets its
// permissions because of what a directory says.
//
// When the directory cannot be read to its end nothing is changed, with a
// [DirectoryError]. Neither is it when the directory reads as empty while there
// are people of it, or when more people or memberships than MaxGone would go:
// these are a [store.ConflictError], and the report of what was planned comes
// with it. While an entry has no usable external ID nobody is taken for missing,
// because it might be theirs.
//
// First all is read and planned, which a DryRun reports; then each person is
// changed in a transaction of their own. Where that is refused because somebody
// else changed things meanwhile, it is a problem in the report. When ctx ends,
// or the store fails, the report tells what was done until then. One sync of a
// directory runs at a time in a process; another is a [store.ConflictError]. An
// unknown directory is a [store.NotFoundError].
func (s *Service) Sync(ctx context.Context, directory string, opts *SyncOptions) (*SyncReport, error) {
	report, err := s.sync(ctx, directory, opts)
	if err != nil {
		intent := audit.Event{Action: "sync", Kind: KindDirectory}
		if ValidDirectoryName(directory) {
			intent.Key = s.auditName(directory)
		}
		s.audit.RecordFailure(ctx, intent, err)
		return report, err
	}
	s.opts.Logger.InfoContext(ctx, KindDirectory+": sync", "directory", directory, "team", s.store.Team(), "dry_run", report.DryRun,
		"entries", report.Entries, "steps", len(report.Steps), "problems", len(report.Problems))
	return report, nil
}

func (s *Service) sync(ctx context.Context, directory string, opts *SyncOptions) (*SyncReport, error) {
	if err := s.requireUnscoped(ctx); err != nil {
		return nil, err
	}
	d, ok := s.directory(directory)
	if !ok {
		return nil, &store.NotFoundError{Kind: KindDirectory}
	}
	if !d.Capabilities().Sync {
		return nil, &store.ConflictError{Reason: "this directory cannot be synced"}
	}
	filled, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if !s.shared.syncLocks.tryLock(directory) {
		return nil, &store.ConflictError{Reason: "this directory is being synced already; wait until that is done"}
	}
	defer s.shared.syncLocks.unlock(directory)
	plan, err := s.planSync(ctx, d, filled)
	if err != nil || filled.DryRun {
		return plan.report(), err
	}
	return plan.run(ctx)
}

const (
	defaultMaxRemovalRatio = 0.1
	defaultDeleteAfter     = 30 * 24 * time.Hour
)

// withDefaults returns a copy in which nothing is left to its default.
func (o *SyncOptions) withDefaults() (SyncOptions, error) {
	if o == nil {
		o = &SyncOptions{}
	}
	filled := *o
	switch {
	case filled.MaxRemovalRatio == 0:
		filled.MaxRemovalRatio = defaultMaxRemovalRatio
	case math.IsNaN(filled.MaxRemovalRatio) || filled.MaxRemovalRatio < 0 || filled.MaxRemovalRatio > 1:
		return filled, store.NewInvalidError(store.FieldError{Field: "max_gone", Code: store.CodeRange, Message: "use a share above 0 and up to 1, such as 0.1"})
	}
	if filled.DeleteAfter == 0 {
		filled.DeleteAfter = defaultDeleteAfter
	}
	if filled.Progress == nil {
		filled.Progress = func(int) {}
	}
	return filled, nil
}

// syncLocks are the directories that are being synced.
type syncLocks struct {
	mu    sync.Mutex
	names []string
}

// tryLock reports whether nobody else syncs the directory; [syncLocks.unlock] ends it.
func (r *syncLocks) tryLock(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.names, name) {
		return false
	}
	r.names = append(r.names, name)
	return true
}

func (r *syncLocks) unlock(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = slices.DeleteFunc(r.names, func(n string) bool { return n == name })
}

// isDomainError reports whether err is a refusal, which concerns one person, and not
// a failure of the system.
func isDomainError(err error) bool {
	return slices.ContainsFunc([]error{
		store.ErrNotFound, store.ErrAlreadyExists, store.ErrConflict, store.ErrInUse, store.ErrInvalid, store.ErrForbidden, store.ErrRateLimited,
	}, func(target error) bool { return errors.Is(err, target) })
}

// report returns the report of a dry run; nil if there is no plan.
func (p *syncRun) report() *SyncReport {
	if p == nil {
		return nil
	}
	r := p.newReport()
	r.DryRun = true
	for _, step := range p.plan.Steps() {
		r.Steps = append(r.Steps, newSyncStep(step))
	}
	r.Groups = p.groups.ToCreate(p.plan.Steps())
	r.sort()
	return r
}

// newReport returns a report without steps.
func (p *syncRun) newReport() *SyncReport {
	r := &SyncReport{
		Directory: p.name, Entries: p.plan.Entries, Unchanged: p.plan.Unchanged(),
		Steps: []SyncStep{}, Problems: []SyncProblem{}, Groups: []string{},
	}
	for _, problem := range slices.Concat(p.plan.Problems, p.groups.Problems()) {
		r.Problems = append(r.Problems, SyncProblem{
			ExternalID: problem.ExternalID, Username: validUsername(problem.Username), Message: problem.Message,
		})
	}
	return r
}

func newSyncStep(step *dirsync.Step) SyncStep {
	return SyncStep{Action: SyncAction(step.Action), ExternalID: step.ExternalID, Username: step.Username, Fields: step.Fields}
}

// sort sorts the problems.
func (r *SyncReport) sort() {
	slices.SortStableFunc(r.Problems, func(a, b SyncProblem) int {
		return cmp.Or(cmp.Compare(a.ExternalID, b.ExternalID), cmp.Compare(a.Username, b.Username), cmp.Compare(a.Message, b.Message))
	})
}
