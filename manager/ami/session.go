package ami

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
)

// session is one connection after its login. It has two goroutines. One reads
// and dispatches messages and never blocks, because Asterisk drops a client
// that does not read (writetimeout, 100 ms by default). The other one writes,
// so that no caller's context can interrupt an action halfway.
type session struct {
	conn    net.Conn
	reader  *Reader
	ids     *actionIDs
	logger  *slog.Logger
	deliver func(event Message)

	outgoing chan *exchange
	done     chan struct{}
	workers  sync.WaitGroup

	mu      sync.Mutex
	pending map[string]*exchange
	err     error
}

// newSession takes over a connected handshake. Its goroutines run until fail.
func newSession(l *handshake, gen *actionIDs, deliver func(Message)) *session {
	s := &session{
		conn: l.conn, reader: l.reader, ids: gen, logger: l.opts.Logger, deliver: deliver,
		outgoing: make(chan *exchange), done: make(chan struct{}), pending: map[string]*exchange{},
	}
	for _, event := range l.earlyEvents {
		s.deliver(event)
	}
	s.workers.Go(s.read)
	s.workers.Go(s.write)
	return s
}

// fail ends the session. The first cause counts.
func (s *session) fail(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = cause
	raw := s.conn
	if tlsConn, ok := raw.(interface{ NetConn() net.Conn }); ok {
		// The closing message of TLS could block.
		raw = tlsConn.NetConn()
	}
	// In this order, so that nothing is sent once done is closed.
	_ = raw.Close()
	close(s.done)
}

// cause returns why the session ended.
func (s *session) cause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *session) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *session) read() {
	for {
		m, err := s.reader.Next()
		if err != nil {
			s.fail(err)
			return
		}
		s.dispatch(m)
	}
}

func (s *session) write() {
	for {
		select {
		case x := <-s.outgoing:
			if !x.state.CompareAndSwap(stateWaiting, stateSent) {
				continue
			}
			if _, err := s.conn.Write(x.encoded); err != nil {
				s.fail(err)
				return
			}
		case <-s.done:
			return
		}
	}
}

// dispatch passes a message to its receiver.
func (s *session) dispatch(m Message) {
	kind, value := m.kind()
	id := m.Get("ActionID")
	x := s.lookup(id)
	switch {
	case kind == "Response" && x != nil:
		if x.setResponse(m, value) {
			s.complete(x)
		}
	case kind == "Event" && x != nil && x.list:
		if x.addEvent(m) {
			s.complete(x)
		}
	case kind == "Event" && !s.ids.isList(id):
		s.deliver(m)
	default:
		s.logger.Debug("AMI: dropped an unexpected answer", "kind", kind)
	}
}

func (s *session) lookup(id string) *exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending[id]
}

func (s *session) complete(x *exchange) {
	s.unregister(x)
	close(x.done)
}

// register makes the reader expect the answer. It returns false if the session
// has ended.
func (s *session) register(x *exchange) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	s.pending[x.id] = x
	return true
}

func (s *session) unregister(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, x.id)
}

// idle reports whether no action waits for an answer.
func (s *session) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending) == 0
}

// run sends a registered action and waits for its answer. If ctx ends first,
// run abandons the action: it is not sent if it was not yet, and a late answer
// is dropped.
func (s *session) run(ctx context.Context, x *exchange) error {
	select {
	case s.outgoing <- x:
	case <-ctx.Done():
		return s.abandon(ctx, x)
	case <-s.done:
		return s.disconnected(x)
	}
	select {
	case <-x.done:
		return x.err
	case <-ctx.Done():
		return s.abandon(ctx, x)
	case <-s.done:
		return s.disconnected(x)
	}
}

func (s *session) abandon(ctx context.Context, x *exchange) error {
	x.state.CompareAndSwap(stateWaiting, stateAbandoned)
	s.unregister(x)
	return fmt.Errorf("ami: action %s: %w", x.action, ctx.Err())
}

// disconnected returns the answer if it arrived just before the end.
func (s *session) disconnected(x *exchange) error {
	select {
	case <-x.done:
		return x.err
	default:
		return &DisconnectedError{Action: x.action, Sent: x.wasSent(), Err: s.cause()}
	}
}
