package app

import (
	"context"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// ReadsWholeAuditLog reports whether an administrator with the section of the audit
// log may read all entries: one who is not limited to some extensions, DIDs or
// teams.
func ReadsWholeAuditLog(a *ampusers.Administrator) bool {
	return a.Scope("").IsUnrestricted() && len(a.Teams) == 0
}

// ListAudit returns a page of the audit entries that an administrator may read. For
// an administrator with a limited scope, these are the entries about users and
// administrators in scope, and the entries of the other sections of the
// administrator. See [audit.Log.ListInScope].
func (s *App) ListAudit(ctx context.Context, a *ampusers.Administrator, q audit.Query) (*store.Page[*audit.Entry], error) {
	if ReadsWholeAuditLog(a) {
		return s.AuditLog.List(ctx, q)
	}
	inScope, err := s.auditScope(ctx, a)
	if err != nil {
		return nil, err
	}
	return s.AuditLog.ListInScope(ctx, q, inScope)
}

// auditScope returns a function that reports whether an entry is in the scope of an
// administrator. Entries of kinds that are not listed here are out of scope: access
// to sections, synchronizations of directories, and findings in the log.
func (s *App) auditScope(ctx context.Context, a *ampusers.Administrator) (func(*audit.Entry) bool, error) {
	aboutUsers, err := s.UsersFor(a).AuditScope(ctx)
	if err != nil {
		return nil, err
	}
	aboutAdministrators, err := s.Administrators.ForActor(a.Username).AuditScope(ctx)
	if err != nil {
		return nil, err
	}
	sections := map[string]string{
		userman.KindGroup:                SectionGroups,
		s.AMIAccounts.AuditSource().Kind: SectionAMIAccounts,
		"configuration":                  ampusers.SectionApply,
		"settings":                       SectionSettings,
	}
	return func(e *audit.Entry) bool {
		switch e.Kind {
		case userman.KindUser, userman.KindDeletedUser, apitoken.Kind:
			return aboutUsers(e)
		}
		section, known := sections[e.Kind]
		return known && a.Can(section) || aboutAdministrators(e)
	}, nil
}

// VerifyAuditFor is [App.VerifyAudit] for an administrator. It returns an error
// wrapping [store.ErrForbidden] for an administrator with a limited scope, because
// the findings name records out of scope. The audit log records the denial.
func (s *App) VerifyAuditFor(ctx context.Context, a *ampusers.Administrator) (*audit.Verification, error) {
	if !ReadsWholeAuditLog(a) {
		err := &store.ForbiddenError{Reason: "the findings may name records outside your scope; ask an unrestricted administrator to verify the audit log"}
		s.AuditLog.RecordFailure(ctx, audit.Event{Action: "verify", Kind: "audit log"}, err)
		return nil, err
	}
	return s.VerifyAudit(ctx)
}

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

// RotateKeys replaces the keys of the database, see [sqlstore.DB.RotateKeys].
func (s *App) RotateKeys(ctx context.Context, keepOld bool) (*sqlstore.KeyRotation, error) {
	return s.DB.RotateKeys(ctx, &sqlstore.RotateKeysOptions{KeepOld: keepOld, Audit: s.AuditLog, Verify: s.VerifyAudit})
}

// auditSources are all audited records.
func (s *App) auditSources() []audit.RecordSource {
	return append(s.Users.AuditSource(), s.Administrators.AuditSource(), s.AMIAccounts.AuditSource(), s.saved.service.AuditSource())
}
