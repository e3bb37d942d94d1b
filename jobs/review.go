package jobs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Review is what an apply would change, and who changed it since the last one.
type Review struct {
	*asteriskconf.Plan

	entries map[reviewedRecord][]*audit.Entry
}

// reviewedRecord is the record of a section. Name is in lower case.
type reviewedRecord struct{ kind, name string }

func newReviewedRecord(kind, name string) reviewedRecord {
	return reviewedRecord{kind, strings.ToLower(name)}
}

// PendingChanges counts the changes that are not live yet.
type PendingChanges struct {
	// Count is the number of changed sections; 0 if it is unknown.
	Count int
	// Authors are the actors who changed them since the last apply, sorted.
	Authors []string

	records map[reviewedRecord]bool
}

// Has reports whether a record has changes that are not live yet. kind and name are as in
// the audit log; the case of name does not count.
func (p *PendingChanges) Has(kind, name string) bool { return p.records[newReviewedRecord(kind, name)] }

// maxReviewedEntries bounds the entries of the audit log that a review reads for one
// kind of record.
const maxReviewedEntries = store.MaxPageLimit

// Review returns the plan of an apply, and the entries of the audit log about its
// records since the last apply. It reads the newest ones only if there are very many.
// Errors are as in [Runner.Plan].
func (r *Runner) Review(ctx context.Context) (*Review, error) {
	dir, closeFn, err := r.open(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer closeFn()
	status, err := dir.Status(ctx)
	if err != nil {
		return nil, err
	}
	return r.review(ctx, dir, status)
}

func (r *Runner) review(ctx context.Context, dir configDir, status *asteriskconf.Status) (*Review, error) {
	plan, err := dir.Plan(ctx)
	if err != nil {
		return nil, err
	}
	review := &Review{Plan: plan, entries: map[reviewedRecord][]*audit.Entry{}}
	if r.opts.Audit == nil {
		return review, nil
	}
	since := time.Time{}
	if status.LiveAt != nil {
		since = *status.LiveAt
	}
	read := map[string]bool{"": true}
	for _, file := range plan.Files {
		if read[file.RecordKind] || len(file.Sections) == 0 {
			continue
		}
		read[file.RecordKind] = true
		list, err := r.opts.Audit.List(ctx, audit.Query{
			Kind: file.RecordKind, Outcome: audit.Succeeded, Since: since, PageRequest: store.PageRequest{Limit: maxReviewedEntries},
		})
		if err != nil {
			return nil, err
		}
		for _, entry := range list.Items {
			record := newReviewedRecord(entry.Kind, entry.Key)
			review.entries[record] = append(review.entries[record], entry)
		}
	}
	return review, nil
}

// Changes returns the entries about the record of a section, newest first.
func (v *Review) Changes(recordKind, section string) []*audit.Entry {
	return v.entries[newReviewedRecord(recordKind, section)]
}

// Pending counts the changes of the plan.
func (v *Review) Pending() PendingChanges {
	pending := PendingChanges{records: map[reviewedRecord]bool{}}
	for _, file := range v.Files {
		pending.Count += len(file.Sections)
		for _, section := range file.Sections {
			pending.records[newReviewedRecord(file.RecordKind, section.Name)] = true
			pending.Authors = append(pending.Authors, Authors(v.Changes(file.RecordKind, section.Name))...)
		}
	}
	slices.Sort(pending.Authors)
	pending.Authors = slices.Compact(pending.Authors)
	return pending
}

// Authors returns the authors of entries, each once, in their order, see
// [audit.Actor.Author].
func Authors(entries []*audit.Entry) []string {
	var authors []string
	for _, entry := range entries {
		if name := entry.Actor.Author(); !slices.Contains(authors, name) {
			authors = append(authors, name)
		}
	}
	return authors
}

// Pending returns the changes that are not live yet. It waits for a check only after a
// change of this server. Otherwise it returns the result of the last check, which it
// renews in the background like [Runner.Status]: a plan of very many records takes
// seconds, and a page must not.
func (r *Runner) Pending(ctx context.Context) (PendingChanges, error) {
	if r.hasStatus() {
		_, _, _ = r.cachedStatus() //nolint:contextcheck // the check outlives the request that starts it
	} else if _, err := r.Status(ctx); err != nil {
		return PendingChanges{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	pending := r.status.changes
	pending.Authors = slices.Clone(pending.Authors)
	return pending, r.status.err
}
