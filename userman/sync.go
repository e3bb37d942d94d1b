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
	// Adopt is what Sync does with a new entry whose username belongs to a user who has
	// left: who is missing from the directory or disabled there. Defaults to
	// AdoptNever.
	Adopt AdoptPolicy
	// Adoption limits the sync to one step, which links a user to an entry. The report
	// has this step, or the problem of the entry. Defaults to none.
	Adoption *Adoption
	// Progress receives the number of users processed so far. Defaults to none.
	Progress func(done int)
}

// AdoptPolicy is what a sync does with the record of a user who has left, if a new entry
// of the directory has the username. The record keeps its ID, extensions, permissions
// and groups, so the person behind the new entry gets them.
type AdoptPolicy string

// Policies of adoption.
const (
	// AdoptNever reports the entry as a problem that is [SyncProblem].Adoptable.
	AdoptNever AdoptPolicy = "never"
	// AdoptAsSuccessor links the record to the entry for another person.
	AdoptAsSuccessor AdoptPolicy = "successor"
	// AdoptAsSameUser links the record to the entry for the same person, whose account
	// was created again. Use it only if the directory never gives the username of a
	// leaver to another person.
	AdoptAsSameUser AdoptPolicy = "same-user"
)

// AdoptPolicies returns all policies.
func AdoptPolicies() []AdoptPolicy {
	return []AdoptPolicy{AdoptNever, AdoptAsSuccessor, AdoptAsSameUser}
}

// Adoption links a user to an entry of a directory. The user must be a local one, one of
// a directory that is no longer in [Options], or one whom the directory no longer has or
// has disabled. The record keeps its ID, extensions, permissions and groups outside of
// the directory. It gets the username and the other fields that the directory owns. A
// user whom an administrator disabled stays disabled.
//
// All sessions, links and trusted devices end, and so does the password if the directory
// manages passwords. For a successor, the password, the second factor and the picture
// are removed as well, the records of [Options].Dependents (API tokens) lose their keys and
// are disabled, and the fields that the directory does not own, such as the email address,
// are emptied except for extensions.
type Adoption struct {
	Username   string `json:"username"`
	ExternalID string `json:"external_id"`
	// SameUser means that the entry is another account of the same person. Defaults to
	// false: a successor.
	SameUser bool `json:"same_user,omitempty"`
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
	SyncAdopt   SyncAction = SyncAction(dirsync.Adopt)
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
	// Adoptable reports that an [Adoption] can link the user with this username to the
	// entry with this external ID.
	Adoptable bool `json:"adoptable,omitempty"`
}

// MaxSyncWarnings is the maximum number of warnings in a [SyncReport].
const MaxSyncWarnings = 1000

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
	// Warnings are about single fields of entries. The value was cut or left out, or Sync
	// left the field as it was because the value is invalid or another user has it. There
	// are at most [MaxSyncWarnings], and MoreWarnings counts the others.
	Warnings     []SyncProblem `json:"warnings"`
	MoreWarnings int           `json:"more_warnings,omitempty"`
	// Groups are the names of the groups that were created.
	Groups []string `json:"groups"`
}

// Sync updates the users of a directory. It creates new users in the default groups and
// in their groups of the directory. It updates the fields that the directory owns,
// including the username. It disables missing users and deletes them after DeleteAfter.
// It enables users who return. It neither enables nor deletes users whom an
// administrator disabled. If an entry has a problem, such as a username that another
// user has, Sync does not change its user. If only a field is invalid, the default
// extension is taken, or the email is the login name of another user, Sync leaves that
// field as it is and warns. It also warns of values that the directory cut or left out.
// It continues with the other entries.
//
// Sync also updates the memberships in the groups of the directory. It creates missing
// groups without permissions and never deletes groups. It never changes memberships in
// local groups or groups of another directory, even if the names are equal. Otherwise a
// directory could give users the permissions of these groups.
//
// If a user who has left has the username of a new entry, Sync reports a problem. With
// [SyncOptions].Adopt it links the user to the new entry instead, unless an
// administrator disabled the user. Sync never links a local user, except for an
// [Adoption].
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
	s.opts().Logger.InfoContext(ctx, KindDirectory+": sync", "directory", directory, "team", s.store.Team(), "dry_run", report.DryRun,
		"entries", report.Entries, "steps", len(report.Steps), "problems", len(report.Problems), "warnings", len(report.Warnings)+report.MoreWarnings)
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
	if err == nil && filled.Adoption != nil {
		err = plan.limitToAdoption()
	}
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
	filled.Adopt = cmp.Or(filled.Adopt, AdoptNever)
	if !slices.Contains(AdoptPolicies(), filled.Adopt) {
		return filled, store.NewInvalidError(store.FieldError{Field: "adopt", Code: store.CodeOneOf, Message: "use never, successor or same-user"})
	}
	if filled.Adoption != nil { // it removes nobody
		filled.MaxRemovalRatio = 1
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
	warnings := p.plan.Warnings[:min(len(p.plan.Warnings), MaxSyncWarnings)]
	r := &SyncReport{
		Directory: p.name, Entries: p.plan.Entries, Unchanged: p.plan.Unchanged(),
		Steps: []SyncStep{}, Groups: []string{},
		Problems: newSyncProblems(p.plan.Problems), Warnings: newSyncProblems(warnings), MoreWarnings: len(p.plan.Warnings) - len(warnings),
	}
	if p.opts.Adoption == nil {
		r.Problems = append(r.Problems, newSyncProblems(p.groups.Problems())...)
	}
	return r
}

func newSyncProblems(problems []dirsync.Problem) []SyncProblem {
	all := make([]SyncProblem, len(problems))
	for i, p := range problems {
		all[i] = SyncProblem{ExternalID: p.ExternalID, Username: validUsername(p.Username), Message: p.Message, Adoptable: p.Adoptable}
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
