package userman

import (
	"context"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

const (
	// maxBackgroundTasks is the number of tasks that run at once, and
	// maxBackgroundQueue the number of tasks that wait.
	maxBackgroundTasks = 4
	maxBackgroundQueue = 1000
	// backgroundTimeout limits the time of each task.
	backgroundTimeout = 2 * time.Minute
)

// background runs tasks after the call that started them has returned.
type background struct {
	slots chan struct{}

	mu      sync.Mutex
	running int
	// idle is closed when no task is running; nil if none is.
	idle chan struct{}
}

func newBackground() *background {
	return &background{slots: make(chan struct{}, maxBackgroundTasks)}
}

// runInBackground runs work after the call has returned, with the actor of ctx and a
// time limit. It returns false if too many tasks wait. See [Service.Shutdown].
//
// work receives nothing else of ctx, whose transaction has ended by then.
func (s *Service) runInBackground(ctx context.Context, work func(ctx context.Context)) bool {
	detached := audit.WithActor(context.Background(), audit.ActorFromContext(ctx))
	return s.shared.background.run(detached, work) //nolint:contextcheck // see above
}

// Shutdown waits until all background tasks, such as reset mails, are done or ctx ends.
// Call it before the program exits.
func (s *Service) Shutdown(ctx context.Context) error { return s.shared.background.wait(ctx) }

// run runs work when a slot is free; it returns false if too many tasks wait.
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

// wait returns when no task is running, or with the error of ctx.
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
