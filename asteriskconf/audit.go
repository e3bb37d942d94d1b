package asteriskconf

import (
	"context"
	"path/filepath"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

var _ audit.Reasoner = (*ApplyError)(nil)

// recordTimeout limits how long a completed apply waits for the audit log.
const recordTimeout = 5 * time.Second

// record adds the result of an operation to the audit log. A failed write or
// the end of ctx does not fail the operation.
func (d *ConfigDir) record(ctx context.Context, action string, report any, opErr error) {
	event := audit.Event{Action: action, Kind: "configuration", Key: filepath.Base(d.dir)}
	if opErr != nil {
		d.audit.RecordFailure(ctx, event, opErr)
		return
	}
	event.After = report
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := d.audit.Record(ctx, event); err != nil {
		d.log.ErrorContext(ctx, "cannot write the audit log", "action", action, "error", err)
	}
}

// recordRecovery records a recovery that failed or found an interrupted apply.
func (d *ConfigDir) recordRecovery(ctx context.Context, recovery *Recovery, opErr error) {
	if opErr != nil || recovery.Interrupted {
		d.record(ctx, "recover", recovery, opErr)
	}
}
