package app

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// VerifyAudit compares the audit trail with itself and with all records, see
// audit.Log.Verify. It reads everything, so one runs at a time; while it
// does, another is refused with a store.ConflictError.
func (s *App) VerifyAudit(ctx context.Context) (*audit.Verification, error) {
	if !s.verifyMu.TryLock() {
		return nil, &store.ConflictError{Reason: "the audit trail is being verified already; try again when that has ended"}
	}
	defer s.verifyMu.Unlock()
	return s.AuditLog.Verify(ctx, s.auditSources()...)
}

// BaselineAudit vouches for the records that the trail was never told of, see
// audit.Log.Baseline.
func (s *App) BaselineAudit(ctx context.Context) ([]store.Reference, error) {
	return s.AuditLog.Baseline(ctx, s.auditSources()...)
}

// auditSources are all that the trail tells of.
func (s *App) auditSources() []audit.RecordSource {
	return append(s.Users.AuditSource(), s.Administrators.AuditSource(), s.AMIAccounts.AuditSource())
}
