package applying

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

// Bounds of a look at the folder: how long it is remembered, and how long it
// may take.
const (
	statusAge = 2 * time.Second
	maxLook   = 30 * time.Second
)

// lookup is the last look at how the folder stands.
type lookup struct {
	// done is closed at the end of the look at work; nil when none is.
	done chan struct{}
	// at is when the look ended that is remembered; zero when it has to be
	// looked again.
	at     time.Time
	status *asteriskconf.Status
	err    error
	// changes counts the calls of Changed.
	changes int
}

// Status returns how the folder stands. It is remembered for two seconds,
// since it stands in a banner on every page, and worked out once for all who
// ask at the same time; a change that goes through this server is seen at once
// when Changed is called. The errors are those of asteriskconf.Folder.Status,
// and fs.ErrNotExist when there is no configuration folder, as on a machine
// without Asterisk.
func (r *Runner) Status(ctx context.Context) (*asteriskconf.Status, error) {
	for {
		status, wait, err := r.remembered(ctx)
		if wait == nil {
			return status, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// remembered returns what is remembered, or a channel to wait for, and sees to
// it that somebody looks.
func (r *Runner) remembered(ctx context.Context) (*asteriskconf.Status, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.seen.at.IsZero() && r.clock().Sub(r.seen.at) < statusAge {
		if r.seen.err != nil {
			return nil, nil, r.seen.err
		}
		c := *r.seen.status
		return &c, nil, nil
	}
	if r.closed {
		return nil, nil, errStopping()
	}
	if r.seen.done == nil {
		r.seen.done = make(chan struct{})
		changes := r.seen.changes
		// Others wait for it too, so it outlives whoever asked first.
		r.work.Go(func() { r.look(context.WithoutCancel(ctx), changes) })
	}
	return nil, r.seen.done, nil
}

// look asks the folder. What changed while it looked may have been missed, and
// is not remembered.
func (r *Runner) look(ctx context.Context, changes int) {
	ctx, cancel := context.WithTimeout(ctx, maxLook)
	defer cancel()
	status, err := r.ask(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen.changes == changes {
		r.seen.at, r.seen.status, r.seen.err = r.clock(), status, err
	}
	close(r.seen.done)
	r.seen.done = nil
}

func (r *Runner) ask(ctx context.Context) (status *asteriskconf.Status, err error) {
	defer r.survive(ctx, func(mistake error) { status, err = nil, mistake })
	f, closing, err := r.open(ctx, look, nil)
	if err != nil {
		return nil, err
	}
	defer closing()
	return f.Status(ctx)
}

// Changed has the next Status look again.
func (r *Runner) Changed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen.changes++
	r.seen.at = time.Time{}
}
