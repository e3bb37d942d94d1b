package ami

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// maintain watches one session after the other until the client is closed or
// another login is pointless.
func (c *Client) maintain(s *session) {
	defer close(c.stopped)
	attempt := 0
	for {
		startTime := time.Now()
		c.watch(s)
		s.workers.Wait()
		cause := &DisconnectedError{Err: s.cause()}
		if c.lifeCtx.Err() != nil {
			c.finish(ErrClosed)
			return
		}
		if c.opts.NoReconnect {
			c.finish(cause)
			return
		}
		c.opts.Logger.Warn("AMI: connection lost", "address", c.addr, "error", cause.Err)
		if time.Since(startTime) > c.opts.MaxBackoff {
			attempt = 0
		}
		var err error
		if s, err = c.reconnect(&attempt); err != nil {
			c.finish(err)
			return
		}
	}
}

// watch returns when the session has ended. It ends the session when the client
// is closed or Asterisk does not answer a ping.
func (c *Client) watch(s *session) {
	var tick <-chan time.Time
	if c.opts.KeepAlive > 0 {
		ticker := time.NewTicker(c.opts.KeepAlive)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-s.done:
			return
		case <-c.lifeCtx.Done():
			c.logoff(s)
			s.fail(ErrClosed)
			return
		case <-tick:
			c.ping(s)
		}
	}
}

// ping ends the session if Asterisk does not answer. It does nothing while an
// action is running: Asterisk would queue the ping behind it, and a reload may
// take minutes. The action's own context and TCP (newDialer) detect a dead peer
// then.
func (c *Client) ping(s *session) {
	if !s.idle() {
		return
	}
	ctx, cancel := context.WithTimeout(c.lifeCtx, c.opts.KeepAlive)
	defer cancel()
	x := newExchange(Action{Name: "Ping"}, c.ids.next())
	if !s.register(x) {
		return
	}
	if err := s.run(ctx, x); errors.Is(err, context.DeadlineExceeded) {
		s.fail(errPingTimeout)
	}
}

// logoff ends the session and waits a moment. Afterwards the account can log in
// again, even if it allows one login only.
func (c *Client) logoff(s *session) {
	ctx, cancel := context.WithTimeout(context.Background(), logoffWait)
	defer cancel()
	x := newExchange(Action{Name: "Logoff"}, c.ids.next())
	if !s.register(x) || s.run(ctx, x) != nil {
		return
	}
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}

// reconnect retries until a login succeeds, is denied, or the client is closed.
// attempt counts the attempts since the last lasting connection.
func (c *Client) reconnect(attempt *int) (*session, error) {
	for {
		wait := time.NewTimer(c.backoff(*attempt))
		*attempt++
		select {
		case <-wait.C:
		case <-c.lifeCtx.Done():
			wait.Stop()
			return nil, ErrClosed
		}
		l := c.newHandshake()
		err := l.connect(c.lifeCtx)
		switch {
		case err == nil:
			c.opts.Logger.Info("AMI: reconnected", "address", c.addr)
			return c.resume(l), nil
		case c.lifeCtx.Err() != nil:
			return nil, ErrClosed
		case errors.Is(err, ErrAuthentication):
			c.opts.Logger.Error("AMI: login denied; the client has ended", "address", c.addr)
			return nil, err
		}
		c.opts.Logger.Debug("AMI: cannot connect yet", "address", c.addr, "error", err)
	}
}

// resume makes a new handshake the current session.
func (c *Client) resume(l *handshake) *session {
	c.markGap()
	s := newSession(l, c.ids, c.publish)
	c.mu.Lock()
	c.current = s
	c.notifyChange()
	c.mu.Unlock()
	return s
}

// finish ends the client.
func (c *Client) finish(err error) {
	c.mu.Lock()
	c.err = err
	c.current = nil
	c.notifyChange()
	subs := c.subs
	c.subs = nil
	c.mu.Unlock()
	for sub := range subs {
		sub.finish(err)
	}
	c.cancel()
}

// notifyChange wakes all waiters for a session. c.mu must be held.
func (c *Client) notifyChange() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// backoff returns the wait before the given attempt. It doubles each time, less
// a random part of up to half, so that many clients of one Asterisk do not
// reconnect at the same moment.
func (c *Client) backoff(attempt int) time.Duration {
	wait := c.opts.MinBackoff
	for range attempt {
		if wait *= 2; wait >= c.opts.MaxBackoff {
			wait = c.opts.MaxBackoff
			break
		}
	}
	return wait - rand.N(wait/2+1) //nolint:gosec // jitter needs no secret
}
