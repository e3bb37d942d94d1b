package jobs

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
	// changes counts what is pending, if it could be planned.
	changes PendingChanges
	err     error
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
		status, pending, err := r.cachedStatus() //nolint:contextcheck // the check outlives the request that starts it
		if pending == nil {
			return status, err
		}
		select {
		case <-pending:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// cachedStatus returns a copy of the cached result, or a channel to wait for. It
// starts a check if necessary.
func (r *Runner) cachedStatus() (*asteriskconf.Status, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	cache := &r.status
	switch {
	case !cache.readAt.IsZero() && r.opts.Clock().Sub(cache.readAt) < statusTTL:
		if cache.err != nil {
			return nil, nil, cache.err
		}
		c := *cache.status
		return &c, nil, nil
	case r.closed:
		return nil, nil, errShuttingDown()
	case cache.pending == nil:
		cache.pending = make(chan struct{})
		changes := cache.changeCount
		r.background.Go(func() { r.refreshStatus(changes) })
	}
	return nil, cache.pending, nil
}

// hasStatus reports whether there is a result since the last change of this server.
func (r *Runner) hasStatus() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.status.readAt.IsZero()
}

// refreshStatus checks the folder. It does not cache a result that a change
// during the check may have made outdated.
func (r *Runner) refreshStatus(changes int) {
	// Others wait for it, too: it outlives the request that started it.
	ctx, cancel := context.WithTimeout(r.ctx, statusTimeout)
	defer cancel()
	var status *asteriskconf.Status
	var pending PendingChanges
	err := r.recoverPanic(ctx, func() error {
		dir, closeFn, err := r.open(ctx, nil)
		if err != nil {
			return err
		}
		defer closeFn()
		if status, err = dir.Status(ctx); err != nil || !status.Pending {
			return err
		}
		review, err := r.review(ctx, dir, status)
		if err != nil {
			r.opts.Logger.DebugContext(ctx, "the pending changes cannot be counted", "error", err)
			return nil // the plan says why
		}
		pending = review.Pending()
		return nil
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status.changeCount == changes {
		r.status.readAt, r.status.status, r.status.changes, r.status.err = r.opts.Clock(), status, pending, err
	}
	close(r.status.pending)
	r.status.pending = nil
}

// InvalidateStatus makes the next Status check again.
func (r *Runner) InvalidateStatus() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.changeCount++
	r.status.readAt = time.Time{}
}
