package ami

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// DefaultEventBuffer is the default of [SubscribeOptions.Buffer]: some
// thousand events of the usual size.
const DefaultEventBuffer = 4 << 20

// Event is something that Asterisk reported, or the mark of a gap.
type Event struct {
	Message
	// Gap is set when this is not an event but the place where events are
	// missing; Message has no headers then. What was built up from events
	// must be asked for anew.
	Gap *Gap
}

// Name returns the event's name, such as "Newchannel"; "" for a gap.
func (e Event) Name() string { return e.Get("Event") }

// Gap says which events are missing at its place.
type Gap struct {
	// Dropped counts the events of the subscription that did not fit into
	// its buffer.
	Dropped int
	// Reconnected says that the connection was lost, and with it an unknown
	// number of events.
	Reconnected bool
}

// SubscribeOptions say what a subscription receives.
type SubscribeOptions struct {
	// Events are the names of the events wanted, in any case. Defaults to
	// all that the account and [Options.Events] let through.
	Events []string
	// Buffer is how many bytes of events may wait to be read. Defaults to
	// [DefaultEventBuffer].
	Buffer int
}

// Subscription receives events. It outlives the connection: what is missing
// after a new login is told as a [Gap].
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

// Subscribe begins to receive events. A subscription that is read too slowly
// loses events, which is told, and never holds up the client. nil options
// receive everything. It fails with [ErrNoEvents] when [Options.Events] is not
// set, and with the error of the client when that has ended.
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

// Next returns the next event or gap, and waits for one. After the end of
// the subscription or of its client it first returns what is left, and then
// [ErrClosed] or the error of the client. ctx bounds the wait.
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

// push adds an event, or counts it when there is no room.
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

// reconnected marks that the connection was a new one from here on.
func (s *Subscription) reconnected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tailGap().Reconnected = true
	s.signal()
}

// tailGap returns the gap at the end of the queue, and makes one if need be.
// Gaps cost no room: there is at most one after each event, and one more.
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

// bufferSize is what an event takes of the buffer: its text, and about what the
// queue needs beside it.
func (e Event) bufferSize() int {
	if e.Gap != nil {
		return 0
	}
	const overhead = 64
	return len(e.text) + overhead
}

// publish gives an event to every subscription.
func (c *Client) publish(m Message) {
	c.eachSubscription(func(s *Subscription) { s.push(Event{Message: m}) })
}

// markGap marks in every subscription that the connection was lost.
func (c *Client) markGap() { c.eachSubscription((*Subscription).reconnected) }

func (c *Client) eachSubscription(fn func(*Subscription)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.subs {
		fn(s)
	}
}
