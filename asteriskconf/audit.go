package asteriskconf

import (
	"context"
	"path/filepath"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

var _ audit.Reasoner = (*ApplyError)(nil)

// recordTimeout bounds how long an apply that is done waits for the trail.
const recordTimeout = 5 * time.Second

// record keeps in the audit trail how an act ended. What was done cannot be
// undone by a trail that cannot be written, nor by the end of ctx.
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
		d.log.ErrorContext(ctx, "the audit trail cannot be written", "action", action, "error", err)
	}
}

// recordRecovery keeps a recovery that had something to do.
func (d *ConfigDir) recordRecovery(ctx context.Context, recovery *Recovery, opErr error) {
	if opErr != nil || recovery.Interrupted {
		d.record(ctx, "recover", recovery, opErr)
	}
}
