package applying

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

// Bounds of a status check: how long its result is cached, and how long it may
// take.
const (
	statusTTL     = 2 * time.Second
	statusTimeout = 30 * time.Second
)

// statusCache is the result of the last status check.
type statusCache struct {
	// pending is closed when the check in progress ends; nil when there is none.
	pending chan struct{}
	// readAt is the time of the cached result; zero when there is none.
	readAt time.Time
	status *asteriskconf.Status
	err    error
	// changeCount counts the calls of InvalidateStatus.
	changeCount int
}

// Status returns the state of the configuration folder. It caches the result for
// two seconds, because every page shows it, and checks once for simultaneous
// callers. InvalidateStatus makes changes of this server visible immediately.
// Errors are those of asteriskconf.ConfigDir.Status, and fs.ErrNotExist when
// there is no configuration folder, as on a host without Asterisk.
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

// cachedStatus returns the cached result, or a channel to wait for after it has
// started a check.
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
		// Others wait for it, too: it outlives the request that started it.
		r.background.Go(func() { r.refreshStatus(context.WithoutCancel(ctx), changes) })
	}
	return nil, r.cache.pending, nil
}

// refreshStatus checks the folder. It does not cache a result that a change
// during the check may have made outdated.
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

// InvalidateStatus makes the next Status check again.
func (r *Runner) InvalidateStatus() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cache.changeCount++
	r.cache.readAt = time.Time{}
}
