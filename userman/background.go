package userman

import (
	"context"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

const (
	// maxBackgroundTasks is how much work runs in the background at once, and
	// maxBackgroundQueue how much more may wait for its turn.
	maxBackgroundTasks = 4
	maxBackgroundQueue = 1000
	// backgroundTimeout bounds each piece of work, from when it begins.
	backgroundTimeout = 2 * time.Minute
)

// background is work that goes on after the call that began it has returned.
type background struct {
	slots chan struct{}

	mu      sync.Mutex
	running int
	// idle is closed when nothing is running any more; nil when nothing is.
	idle chan struct{}
}

func newBackground() *background {
	return &background{slots: make(chan struct{}, maxBackgroundTasks)}
}

// runInBackground runs work after the call has returned, by the actor of ctx and
// with a time limit, a bounded number at once; false when there is too much to
// do. See [Service.Shutdown].
//
// Nothing else of ctx goes along: the transaction that it may hold has ended by
// then.
func (s *Service) runInBackground(ctx context.Context, work func(ctx context.Context)) bool {
	detached := audit.WithActor(context.Background(), audit.ActorFromContext(ctx))
	return s.shared.background.run(detached, work) //nolint:contextcheck // see above
}

// Shutdown returns when what the service does in the background is done, such as
// reset mails, or when ctx ends. Call it before the program ends.
func (s *Service) Shutdown(ctx context.Context) error { return s.shared.background.wait(ctx) }

// run runs work when it is its turn; false when too many wait.
func (b *background) run(ctx context.Context, work func(ctx context.Context)) bool {
	if !b.acquire() {
		return false
	}
	go func() {
		defer b.release()
		b.slots <- struct{}{}
		defer func() { <-b.slots }()
		ctx, cancel := context.WithTimeout(ctx, backgroundTimeout)
		defer cancel()
		work(ctx)
	}()
	return true
}

func (b *background) acquire() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == maxBackgroundTasks+maxBackgroundQueue {
		return false
	}
	if b.running == 0 {
		b.idle = make(chan struct{})
	}
	b.running++
	return true
}

func (b *background) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running--; b.running == 0 {
		close(b.idle)
		b.idle = nil
	}
}

// wait returns when nothing is running, or with the error of ctx.
func (b *background) wait(ctx context.Context) error {
	b.mu.Lock()
	idle := b.idle
	b.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
