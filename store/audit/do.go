package audit

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// Recorder records the changes of one operation; see [Log.Do].
type Recorder struct {
	// Intent names the operation in the entry of a denial or failure. fn sets
	// its Kind and Key when it has found the record.
	Intent Event
	log    *Log
}

// Record records a change in the transaction of ctx. An operation that changes
// several records calls it once for each.
func (r *Recorder) Record(ctx context.Context, event Event) error {
	return r.log.Record(ctx, event)
}

// Do runs fn in a transaction of tx and commits its changes together with the
// entries that fn recorded. tx must be of the same database as the log. When the
// precondition of ctx (see [WithPrecondition]), fn or the commit fails, Do rolls
// back, records that the intent was denied or failed, also when ctx has ended, and
// returns the error. fn may run more than once, each time with a fresh Recorder.
// With a nil Log, nothing is recorded.
//
// Inside a transaction of the caller, fn follows the rule of
// [store.Transactor]: an error after a write undoes the whole transaction, and
// an error before the first write leaves it usable. The denial is then
// committed with the caller's transaction.
func (l *Log) Do(ctx context.Context, tx store.Transactor, intent Event, fn func(ctx context.Context, r *Recorder) error) error {
	r := &Recorder{Intent: intent, log: l}
	err := tx.RunInTx(ctx, func(ctx context.Context) error {
		r.Intent = intent // fn may have changed it in an earlier run
		if err := CheckPrecondition(ctx); err != nil {
			return err
		}
		return fn(ctx, r)
	})
	if err != nil {
		l.RecordFailure(ctx, r.Intent, err)
	}
	return err
}
