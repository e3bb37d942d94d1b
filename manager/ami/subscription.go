package ami

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// DefaultEventBuffer is the default of [SubscribeOptions.Buffer]: some thousand
// events of typical size.
const DefaultEventBuffer = 4 << 20

// Event is an event from Asterisk, or a gap.
type Event struct {
	Message
	// Gap is set if events are missing at this place. Message then has no
	// headers. Read any state that was built from events again.
	Gap *Gap
}

// Name returns the name of the event, such as "Newchannel", or "" for a gap.
func (e Event) Name() string { return e.Get("Event") }

// Gap describes missing events.
type Gap struct {
	// Dropped is the number of events that did not fit into the buffer of the
	// subscription.
	Dropped int
	// Reconnected reports whether the connection was lost, and with it an
	// unknown number of events.
	Reconnected bool
}

// SubscribeOptions are the options of [Client.Subscribe].
type SubscribeOptions struct {
	// Events are the names of the events to receive, ignoring case. Default all
	// events of the account and [Options.Events].
	Events []string
	// Buffer is the maximum size of unread events in bytes. Default
	// [DefaultEventBuffer].
	Buffer int
}

// Subscription receives events. It survives reconnects: events lost in between
// are reported as a [Gap].
type Subscription struct {
	client *Client
	names  map[string]struct{}
	limit  int
	wake   chan struct{}

	mu    sync.Mutex
	queue []Event
	size  int
	err   error
}

// Subscribe starts to receive events. A slow reader loses events, which a [Gap]
// reports, and never blocks the client. nil options mean all events. Subscribe
// returns [ErrNoEvents] if [Options.Events] is not set, and the error of the
// client if the client has ended.
func (c *Client) Subscribe(opts *SubscribeOptions) (*Subscription, error) {
	if !c.opts.wantsEvents() {
		return nil, ErrNoEvents
	}
	sub := &Subscription{client: c, limit: DefaultEventBuffer, wake: make(chan struct{}, 1)}
	if opts != nil && opts.Buffer > 0 {
		sub.limit = opts.Buffer
	}
	if opts != nil && len(opts.Events) > 0 {
		sub.names = make(map[string]struct{}, len(opts.Events))
		for _, name := range opts.Events {
			sub.names[strings.ToLower(name)] = struct{}{}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	c.subs[sub] = struct{}{}
	return sub, nil
}

// Next returns the next event or gap, or waits for one. After the end of the
// subscription or of its client it returns the remaining events first, and then
// [ErrClosed] or the error of the client. ctx limits the wait.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	for {
		e, ok, err := s.pop()
		if ok || err != nil {
			return e, err
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return Event{}, fmt.Errorf("ami: waiting for an event: %w", ctx.Err())
		}
	}
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.client.mu.Lock()
	delete(s.client.subs, s)
	s.client.mu.Unlock()
	s.finish(ErrClosed)
}

func (s *Subscription) pop() (Event, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		if s.err != nil {
			s.signal()
		}
		return Event{}, false, s.err
	}
	e := s.queue[0]
	s.queue[0] = Event{}
	s.queue = s.queue[1:]
	s.size -= e.bufferSize()
	if len(s.queue) > 0 || s.err != nil {
		s.signal()
	}
	return e, true, nil
}

// push adds an event, or counts it as dropped if the buffer is full.
func (s *Subscription) push(e Event) {
	if s.names != nil {
		if _, ok := s.names[strings.ToLower(e.Name())]; !ok {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	if s.size+e.bufferSize() > s.limit {
		s.tailGap().Dropped++
	} else {
		s.queue = append(s.queue, e)
		s.size += e.bufferSize()
	}
	s.signal()
}

// reconnected marks a new connection.
func (s *Subscription) reconnected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tailGap().Reconnected = true
	s.signal()
}

// tailGap returns the gap at the end of the queue, or adds one. Gaps are not
// charged to the buffer: there is at most one after each event, and one more.
// s.mu must be held.
func (s *Subscription) tailGap() *Gap {
	if n := len(s.queue); n == 0 || s.queue[n-1].Gap == nil {
		s.queue = append(s.queue, Event{Gap: &Gap{}})
	}
	return s.queue[len(s.queue)-1].Gap
}

func (s *Subscription) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.signal()
}

// signal wakes one reader. s.mu must be held.
func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// bufferSize returns the charge of an event: its text and the approximate
// overhead of the queue.
func (e Event) bufferSize() int {
	if e.Gap != nil {
		return 0
	}
	const overhead = 64
	return len(e.text) + overhead
}

// publish passes an event to every subscription.
func (c *Client) publish(m Message) {
	c.eachSubscription(func(s *Subscription) { s.push(Event{Message: m}) })
}

// markGap marks the lost connection in every subscription.
func (c *Client) markGap() { c.eachSubscription((*Subscription).reconnected) }

func (c *Client) eachSubscription(fn func(*Subscription)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.subs {
		fn(s)
	}
}
