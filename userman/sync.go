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

// SyncOptions are the options of [Service.Sync].
type SyncOptions struct {
	// DryRun plans the sync and changes nothing.
	DryRun bool
	// MaxRemovalRatio is the largest share of the directory's users that one sync may
	// disable or delete. It also limits the share of memberships that the sync may
	// remove. The value is greater than 0 and at most 1. Above this limit, Sync returns
	// an error wrapping [store.ErrConflict] and changes nothing. Sync always allows one
	// removal. Defaults to 0.1.
	MaxRemovalRatio float64
	// DeleteAfter is the time after which Sync deletes a missing, disabled user, see
	// [Service.Delete]. Defaults to 30 days. With a negative value, Sync never deletes
	// users.
	DeleteAfter time.Duration
	// Progress receives the number of users processed so far. Defaults to none.
	Progress func(done int)
}

// SyncAction is what a sync does to a user.
type SyncAction string

// Actions of a sync.
const (
	SyncCreate  SyncAction = SyncAction(dirsync.Create)
	SyncUpdate  SyncAction = SyncAction(dirsync.Update)
	SyncEnable  SyncAction = SyncAction(dirsync.Enable)
	SyncDisable SyncAction = SyncAction(dirsync.Disable)
	SyncDelete  SyncAction = SyncAction(dirsync.Delete)
)

// SyncStep is one change of a sync.
type SyncStep struct {
	Action     SyncAction `json:"action"`
	ExternalID string     `json:"external_id"`
	Username   string     `json:"username"`
	// Fields are the names of the changed fields.
	Fields []string `json:"fields,omitempty"`
}

// SyncProblem is a user or a group that a sync could not process. For a group, the
// external ID and the username are empty.
type SyncProblem struct {
	ExternalID string `json:"external_id"`
	Username   string `json:"username"`
	// Message explains the problem in one sentence, without values of the user.
	Message string `json:"message"`
}

// SyncReport is the result of a sync.
type SyncReport struct {
	Directory string `json:"directory"`
	// DryRun reports whether the steps were only planned.
	DryRun bool `json:"dry_run"`
	// Entries is the number of entries in the directory. Unchanged is the number of
	// entries that need no change.
	Entries   int `json:"entries"`
	Unchanged int `json:"unchanged"`
	// Steps lists the changes in the order of execution. Removals come first, because
	// they free usernames and extensions. Problems is sorted by external ID.
	Steps    []SyncStep    `json:"steps"`
	Problems []SyncProblem `json:"problems"`
	// Warnings are about single fields of entries, which Sync left as they were because
	// the value is invalid or another user has it.
	Warnings []SyncProblem `json:"warnings"`
	// Groups are the names of the groups that were created.
	Groups []string `json:"groups"`
}

// Sync updates the users of a directory. It creates new users in the default groups and
// in their groups of the directory. It updates the fields that the directory owns,
// including the username. It disables missing users and deletes them after DeleteAfter.
// It enables users who return. It neither enables nor deletes users whom an
// administrator disabled. If an entry has a problem, such as a username that another
// user has, Sync does not change its user. If only a field is invalid, or the default
// extension is taken, Sync leaves that field as it is and warns. It continues with the
// other entries.
//
// Sync also updates the memberships in the groups of the directory. It creates missing
// groups without permissions and never deletes groups. It never changes memberships in
// local groups or groups of another directory, even if the names are equal. Otherwise a
// directory could give users the permissions of these groups.
//
// If the directory cannot be read completely, Sync changes nothing and returns a
// [DirectoryError]. If the directory is empty but the service has users of it, Sync
// changes nothing and returns an error wrapping [store.ErrConflict]. It does the same
// if the removals exceed MaxRemovalRatio. In both cases, it also returns the report of
// the plan. If an entry has no valid external ID, Sync treats no user as missing,
// because the entry may belong to any of them.
//
// Sync first reads the directory and plans all changes. A DryRun reports this plan.
// Then Sync changes each user in its own transaction. Users who exchange names or
// extensions change together. If a concurrent change prevents a step, the report lists
// a problem. When ctx ends or the store fails, the report has the changes so far. A
// process runs only one sync of a directory at a time. A second call returns an error
// wrapping [store.ErrConflict]. For an unknown directory, Sync returns an error
// wrapping [store.ErrNotFound].
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
		"entries", report.Entries, "steps", len(report.Steps), "problems", len(report.Problems), "warnings", len(report.Warnings))
	return report, nil
}

func (s *Service) sync(ctx context.Context, directory string, opts *SyncOptions) (*SyncReport, error) {
	if err := s.requireUnscoped(ctx); err != nil {
		return nil, err
	}
	d, err := s.Directories().Get(directory)
	if err != nil {
		return nil, err
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

// withDefaults returns a copy of o with the defaults.
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

// syncLocks holds the names of the directories that are being synchronized.
type syncLocks struct {
	mu    sync.Mutex
	names []string
}

// tryLock reports whether the directory is now locked for the caller, who calls
// [syncLocks.unlock].
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

// isDomainError reports whether err concerns one user and is not a failure of the
// system.
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
		Steps: []SyncStep{}, Groups: []string{},
		Problems: newSyncProblems(slices.Concat(p.plan.Problems, p.groups.Problems())), Warnings: newSyncProblems(p.plan.Warnings),
	}
	return r
}

func newSyncProblems(problems []dirsync.Problem) []SyncProblem {
	all := make([]SyncProblem, len(problems))
	for i, p := range problems {
		all[i] = SyncProblem{ExternalID: p.ExternalID, Username: validUsername(p.Username), Message: p.Message}
	}
	return all
}

func newSyncStep(step *dirsync.Step) SyncStep {
	return SyncStep{Action: SyncAction(step.Action), ExternalID: step.ExternalID, Username: step.Username, Fields: step.Fields}
}

// sort sorts the problems and the warnings.
func (r *SyncReport) sort() {
	compare := func(a, b SyncProblem) int {
		return cmp.Or(cmp.Compare(a.ExternalID, b.ExternalID), cmp.Compare(a.Username, b.Username), cmp.Compare(a.Message, b.Message))
	}
	slices.SortStableFunc(r.Problems, compare)
	slices.SortStableFunc(r.Warnings, compare)
}
