package ami

import (
	"context"
	"fmt"
	"sync"
)

// Client is a login at an Asterisk that reconnects until [Client.Close]. It is
// safe for concurrent use.
type Client struct {
	addr string
	opts Options
	ids  *actionIDs

	// lifeCtx ends when Close is called. stopped closes when all goroutines of
	// the client have ended.
	lifeCtx context.Context
	cancel  context.CancelFunc
	stopped chan struct{}

	mu      sync.Mutex
	current *session
	changed chan struct{} // closed and replaced when current or err changes
	err     error
	subs    map[*Subscription]struct{}
}

// Dial connects to an Asterisk at host:port and logs in. The default port is
// 5038, or 5039 with TLS. The first login must succeed. Dial returns an error
// wrapping [ErrUnreachable], [ErrNotAMI], [ErrAuthentication] or
// [ErrAlreadyLoggedIn], a [store.InvalidError] for invalid options, or the
// error of ctx. ctx limits Dial only, not the client.
func Dial(ctx context.Context, addr string, opts *Options) (*Client, error) {
	o := opts.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Client{
		addr: addDefaultPort(addr, o.TLS != nil), opts: o, ids: newActionIDs(),
		stopped: make(chan struct{}), changed: make(chan struct{}), subs: map[*Subscription]struct{}{},
	}
	l := c.newHandshake()
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	c.lifeCtx, c.cancel = context.WithCancel(context.Background())
	c.current = newSession(l, c.ids, c.publish)
	go c.maintain(c.current) //nolint:contextcheck // ctx bounds the first login alone; the client has a life of its own
	return c, nil
}

func (c *Client) newHandshake() *handshake {
	return &handshake{addr: c.addr, opts: &c.opts, newID: c.ids.next}
}

// Do runs one action and returns the response. For an answer "Error" it returns
// the response and an [ActionError]. While the connection is lost it waits for
// the next one. If ctx ends, Do abandons the action, but Asterisk may still run
// it. If the connection is lost before the answer, Do returns a
// [DisconnectedError].
//
// Events that the action causes go to the subscriptions. Some, such as
// OriginateResponse, have the ActionID of the response.
func (c *Client) Do(ctx context.Context, a Action) (Message, error) {
	if err := a.validate(); err != nil {
		return Message{}, err
	}
	x := newExchange(a, c.ids.next())
	return x.result(c.exchange(ctx, x))
}

// exchange runs x on the first live session.
func (c *Client) exchange(ctx context.Context, x *exchange) error {
	for {
		s, err := c.session(ctx)
		if err != nil {
			return fmt.Errorf("ami: action %s: %w", x.action, err)
		}
		if s.register(x) {
			return s.run(ctx, x)
		}
	}
}

// session returns the current session, or waits for the next one.
func (c *Client) session(ctx context.Context) (*session, error) {
	for {
		c.mu.Lock()
		s, err, changed := c.current, c.err, c.changed
		c.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, err
		case c.lifeCtx.Err() != nil:
			return nil, ErrClosed
		case s != nil && !s.ended():
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// Done returns a channel that closes when the client has ended: after Close,
// after a denied login, or, with [Options.NoReconnect], after a lost
// connection.
func (c *Client) Done() <-chan struct{} { return c.stopped }

// Err returns nil while the client runs. Afterwards it returns the reason of
// its end: [ErrClosed], [ErrAuthentication] or [ErrDisconnected].
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close logs off and waits until all goroutines of the client have ended, for
// at most half a second. Waiting actions fail with [ErrDisconnected], and later
// calls with [ErrClosed]. Close always returns nil and may be called again.
func (c *Client) Close() error {
	c.cancel()
	<-c.stopped
	return nil
}
