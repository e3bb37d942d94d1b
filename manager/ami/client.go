package ami

import (
	"context"
	"fmt"
	"sync"
)

// Client is one login at an Asterisk, kept alive until [Client.Close]. It may
// be used by many goroutines at once.
type Client struct {
	addr string
	opts Options
	ids  *actionIDs

	// lifeCtx ends when Close is called, and stopped closes when nothing of the
	// client runs any more.
	lifeCtx context.Context
	cancel  context.CancelFunc
	stopped chan struct{}

	mu      sync.Mutex
	current *session
	changed chan struct{} // closed and replaced when current or err changes
	err     error
	subs    map[*Subscription]struct{}
}

// Dial connects to an Asterisk at host:port, or at a host alone with the
// default port 5038 (5039 with TLS), and logs in. The first login must
// succeed: the error is one of [ErrUnreachable], [ErrNotAMI],
// [ErrAuthentication], [ErrAlreadyLoggedIn], a [store.InvalidError] for options
// that cannot be sent, or that of ctx, which bounds nothing after it.
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

// Do runs one action and returns the response to it. An answer "Error" is an
// [ActionError], beside which the response is returned too. While the
// connection is lost it waits for the next one. When ctx ends the action is
// abandoned, which does not undo it: Asterisk may be doing it. When the
// connection is lost meanwhile the error is a [DisconnectedError].
//
// Events that Asterisk sends in consequence go to the subscriptions; some,
// such as OriginateResponse, carry the ActionID of the response.
func (c *Client) Do(ctx context.Context, a Action) (Message, error) {
	if err := a.validate(); err != nil {
		return Message{}, err
	}
	x := newExchange(a, c.ids.next())
	return x.result(c.exchange(ctx, x))
}

// exchange runs x on the first session that is alive.
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

// session returns the current session, and waits for one while there is none.
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
// when a login was refused, or, with [Options.NoReconnect], when the
// connection was lost.
func (c *Client) Done() <-chan struct{} { return c.stopped }

// Err returns nil while the client lives, and then why it ended:
// [ErrClosed], [ErrAuthentication] or [ErrDisconnected].
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close logs off and waits until nothing of the client runs any more, half a
// second at most. Actions that wait fail with [ErrDisconnected], and every
// later use with [ErrClosed]. It always returns nil, and may be called again.
func (c *Client) Close() error {
	c.cancel()
	<-c.stopped
	return nil
}
