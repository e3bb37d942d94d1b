package site

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Verify compares the audit trail with itself and with all records, see
// audit.Trail.Verify. It reads everything, so one runs at a time; while it
// does, another is refused with a store.ConflictError.
func (s *Site) Verify(ctx context.Context) (*audit.Verification, error) {
	if !s.verifying.TryLock() {
		return nil, &store.ConflictError{Reason: "the audit trail is being verified already; try again when that has ended"}
	}
	defer s.verifying.Unlock()
	return s.Trail.Verify(ctx, s.records()...)
}

// Adopt vouches for the records that the trail was never told of, see
// audit.Trail.Adopt.
func (s *Site) Adopt(ctx context.Context) ([]store.Reference, error) {
	return s.Trail.Adopt(ctx, s.records()...)
}

// records are all that the trail tells of.
func (s *Site) records() []audit.Records {
	return append(s.People.AuditRecords(), s.Administrators.AuditRecords(), s.Managers.AuditRecords())
}
