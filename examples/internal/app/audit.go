package app

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// VerifyAudit verifies the audit log and all records, see [audit.Log.Verify]. It
// reads everything, so only one verification runs at a time: another call returns
// a [store.ConflictError].
func (s *App) VerifyAudit(ctx context.Context) (*audit.Verification, error) {
	if !s.verifyMu.TryLock() {
		return nil, &store.ConflictError{Reason: "a verification of the audit log is already running; try again later"}
	}
	defer s.verifyMu.Unlock()
	return s.AuditLog.Verify(ctx, s.auditSources()...)
}

// BaselineAudit accepts the records that the audit log does not know, see
// [audit.Log.Baseline].
func (s *App) BaselineAudit(ctx context.Context) ([]store.Reference, error) {
	return s.AuditLog.Baseline(ctx, s.auditSources()...)
}

// auditSources are all audited records.
func (s *App) auditSources() []audit.RecordSource {
	return append(s.Users.AuditSource(), s.Administrators.AuditSource(), s.AMIAccounts.AuditSource())
}
