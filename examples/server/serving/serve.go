package serving

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"

	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store"
)

// Serve serves listener until ctx ends or the listener fails. It then closes the
// listener and answers requests that wait for a job or an apply. Other requests
// have ten seconds to end, then jobs have ten seconds; a running apply is
// completed. A server serves once.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	var cleanup sync.WaitGroup
	defer cleanup.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cleanup.Go(func() { store.SweepExpired(ctx, s.ttl, &store.SweepOptions{Clock: s.clock, Logger: s.log}) })
	cleanup.Go(func() { s.site.Users.Mails().Run(ctx) })
	cleanup.Go(func() { s.site.WatchSettings(ctx) })
	cleanup.Go(func() {
		s.jobs.RunSchedule(ctx, &jobs.ScheduleOptions{Store: s.ttl, Schedule: s.site.Schedule})
	})

	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(listener) }()
	var failed error
	select {
	case failed = <-ended:
	case <-ctx.Done():
	}
	err := s.shutDown(ctx)
	s.closeJobs(context.WithoutCancel(ctx))
	return cmp.Or(failed, err)
}

func (s *Server) shutDown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.shutdownTimeout)
	defer cancel()
	s.stopWaiting()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.WarnContext(ctx, "requests took too long to end and were cut off")
		return s.http.Close()
	}
	return err
}
