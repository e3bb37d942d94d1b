package applying

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

// Bounds of a look at the folder: how long it is remembered, and how long it
// may take.
const (
	statusTTL     = 2 * time.Second
	statusTimeout = 30 * time.Second
)

// statusCache is the last look at how the folder stands.
type statusCache struct {
	// pending is closed at the end of the look at work; nil when none is.
	pending chan struct{}
	// readAt is when the look ended that is remembered; zero when it has to be
	// looked again.
	readAt time.Time
	status *asteriskconf.Status
	err    error
	// changeCount counts the calls of Changed.
	changeCount int
}

// Status returns how the folder stands. It is remembered for two seconds,
// since it stands in a banner on every page, and worked out once for all who
// ask at the same time; a change that goes through this server is seen at once
// when Changed is called. The errors are those of asteriskconf.ConfigDir.Status,
// and fs.ErrNotExist when there is no configuration folder, as on a machine
// without Asterisk.
func (r *Runner) Status(ctx context.Context) (*asteriskconf.Status, error) {
	for {
		status, wait, err := r.cachedStatus(ctx)
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

// cachedStatus returns what is remembered, or a channel to wait for, and sees to
// it that somebody looks.
func (r *Runner) cachedStatus(ctx context.Context) (*asteriskconf.Status, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.cache.readAt.IsZero() && r.clock().Sub(r.cache.readAt) < statusTTL {
		if r.cache.err != nil {
			return nil, nil, r.cache.err
		}
		c := *r.cache.status
		return &c, nil, nil
	}
	if r.closed {
		return nil, nil, errShuttingDown()
	}
	if r.cache.pending == nil {
		r.cache.pending = make(chan struct{})
		changes := r.cache.changeCount
		// Others wait for it too, so it outlives whoever asked first.
		r.background.Go(func() { r.refreshStatus(context.WithoutCancel(ctx), changes) })
	}
	return nil, r.cache.pending, nil
}

// refreshStatus asks the folder. What changed while it looked may have been missed, and
// is not remembered.
func (r *Runner) refreshStatus(ctx context.Context, changes int) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	status, err := r.readStatus(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cache.changeCount == changes {
		r.cache.readAt, r.cache.status, r.cache.err = r.clock(), status, err
	}
	close(r.cache.pending)
	r.cache.pending = nil
}

func (r *Runner) readStatus(ctx context.Context) (status *asteriskconf.Status, err error) {
	defer r.recoverPanic(ctx, func(recovered error) { status, err = nil, recovered })
	f, closeFn, err := r.open(ctx, readOnly, nil)
	if err != nil {
		return nil, err
	}
	defer closeFn()
	return f.Status(ctx)
}

// InvalidateStatus has the next Status look again.
func (r *Runner) InvalidateStatus() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cache.changeCount++
	r.cache.readAt = time.Time{}
}
