package userman

import (
	"cmp"
	"slices"

	"github.com/pbxusers/pbxusers/internal/dirsync"
)

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
