package ampusers_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
)

// operation is a call that reads or changes the administrators of newFaultyEnv.
type operation func(ctx context.Context, h *faultyEnv) error

func writeOperations() map[string]operation {
	return map[string]operation{
		"create": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Create(ctx, &ampusers.Administrator{Username: "new", Access: ampusers.Full}, secret(otherPassword))
			return err
		},
		"create_as_limited": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.ForActor("joe").Create(ctx, &ampusers.Administrator{Username: "new", Sections: []string{"managers"}}, secret(otherPassword))
			return err
		},
		"update": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.ForActor("root").Update(ctx, "jane", func(a *ampusers.Administrator) error { a.DisplayName = "Jane"; return nil })
			return err
		},
		"disable": func(ctx context.Context, h *faultyEnv) error { _, err := h.Disable(ctx, "jane"); return err },
		"delete":  func(ctx context.Context, h *faultyEnv) error { return h.Delete(ctx, "jane") },
		"restore_access": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.RestoreAccess(ctx, "joe")
			return err
		},
		"restore_access_of_nobody": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.RestoreAccess(ctx, "new")
			return err
		},
		"end_sessions": func(ctx context.Context, h *faultyEnv) error { return h.EndSessions(ctx, "joe") },
		"invite":       func(ctx context.Context, h *faultyEnv) error { _, err := h.Invite(ctx, "joe"); return err },
		"accept_invitation": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.AcceptInvitation(ctx, h.invitation, secret(otherPassword))
			return err
		},
		"set_password": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.ForActor("root").SetPassword(ctx, "joe", secret(otherPassword), nil)
			return err
		},
		"change_password": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.ChangePassword(ctx, "joe", secret(goodPassword), secret(otherPassword))
			return err
		},
		"begin_second_factor": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.ForActor("joe").BeginSecondFactor(ctx, "joe", secret(goodPassword))
			return err
		},
		"new_recovery_codes": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.NewRecoveryCodes(ctx, "jane", secret(goodPassword))
			return err
		},
		"remove_own_second_factor": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.RemoveOwnSecondFactor(ctx, "jane", secret(goodPassword))
			return err
		},
		"remove_second_factor": func(ctx context.Context, h *faultyEnv) error { _, err := h.RemoveSecondFactor(ctx, "jane"); return err },
	}
}

// readOperations change nothing, or only what a login records.
func readOperations() map[string]operation {
	return map[string]operation{
		"get_as_limited": func(ctx context.Context, h *faultyEnv) error { _, err := h.ForActor("joe").Get(ctx, "joe"); return err },
		"list": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.ForActor("joe").List(ctx, ampusers.Query{})
			return err
		},
		"session":     func(ctx context.Context, h *faultyEnv) error { _, err := h.Session(ctx, "joe", h.epoch); return err },
		"scope":       func(ctx context.Context, h *faultyEnv) error { _, err := h.Scope(ctx, "joe", ""); return err },
		"bootstrap":   func(ctx context.Context, h *faultyEnv) error { _, err := h.Bootstrap(ctx); return err },
		"invitation":  func(ctx context.Context, h *faultyEnv) error { _, err := h.Invitation(ctx, h.invitation); return err },
		"audit_scope": func(ctx context.Context, h *faultyEnv) error { _, err := h.ForActor("joe").AuditScope(ctx); return err },
		"verify": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.auditLog.Verify(ctx, h.AuditSource())
			return err
		},
		"log_in": func(ctx context.Context, h *faultyEnv) error {
			h.clock.Advance(time.Hour) // a failed attempt counts, too
			_, err := h.Authenticate(ctx, newLoginAttempt("joe", goodPassword))
			return err
		},
	}
}

// faultyEnv is a service over a database that can fail.
type faultyEnv struct {
	*env

	faults *sqlitetest.Faults
	// invitation is a link of kim.
	invitation store.Secret
	// epoch is the session epoch of joe.
	epoch int64
}

// newFaultyEnv has the full administrators root and jane, who has a second factor, and
// the limited ones joe and kim, who is invited.
func newFaultyEnv(t testing.TB) *faultyEnv {
	t.Helper()
	db, faults := sqlitetest.NewFaulty(t)
	h := newEnv(t, db)
	h.createFull(t, "root")
	h.createFull(t, "jane")
	h.enrollTOTP(t)
	joe := h.createLimited(t, "joe", "administrators", "managers")
	h.createAdministrator(t, &ampusers.Administrator{Username: "kim", Sections: []string{"managers"}}, "")
	link, err := h.Invite(t.Context(), "kim")
	require.NoError(t, err)
	return &faultyEnv{h, faults, link.Token, joe.SessionEpoch}
}

// A database that fails at any step of an operation fails the operation, and nothing of
// it is stored.
func TestService_databaseFaultChangesNothing(t *testing.T) {
	t.Parallel()
	for name, act := range writeOperations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFaultyEnv(t)
			h.faults.SweepAtomic(t, func() error { return act(t.Context(), h) })
			h.requireAuditIntact(t)
		})
	}
	t.Run("bootstrap_empty_database", func(t *testing.T) {
		t.Parallel()
		db, faults := sqlitetest.NewFaulty(t)
		h := newEnv(t, db)
		faults.SweepAtomic(t, func() error { _, err := h.Bootstrap(t.Context()); return err })
	})
}

func TestService_databaseFaultIsReturned(t *testing.T) {
	t.Parallel()
	for name, act := range readOperations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFaultyEnv(t)
			h.faults.Sweep(t, func() error { return act(t.Context(), h) })
		})
	}
}
