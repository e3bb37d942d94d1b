package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store/audit"
)

// Dependents holds records of another package that belong to users, such as API
// tokens. [Service] calls it inside its own transactions, whatever the scope of the
// administrator is. Each method records its changes with the recorder.
type Dependents interface {
	// Disable disables the records of a user, whose password is set with
	// [PasswordOptions].DisableTokens.
	Disable(ctx context.Context, r *audit.Recorder, userID string) error
	// RecordPurge records the deletion of the records of a user. The store deletes
	// them together with the user.
	RecordPurge(ctx context.Context, r *audit.Recorder, userID string) error
	// RemoveExtension removes a deleted extension from all records. A record that
	// would give access to more without it is disabled.
	RemoveExtension(ctx context.Context, r *audit.Recorder, number string) error
	// AuditSource returns the records for [audit.Log.Verify].
	AuditSource() audit.RecordSource
}

// eachDependents calls visit for all dependents and stops at the first error.
func (s *Service) eachDependents(visit func(Dependents) error) error {
	for _, d := range s.opts.Dependents {
		if err := visit(d); err != nil {
			return err
		}
	}
	return nil
}
