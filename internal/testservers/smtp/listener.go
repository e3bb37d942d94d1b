package smtp

import (
	"net"
	"sync"
)

// trackingListener is a listener that remembers who came in, to show them out.
type trackingListener struct {
	net.Listener

	mu    sync.Mutex
	conns []net.Conn
}

// Accept waits for the next connection.
func (l *trackingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, conn)
	return conn, nil
}

// stall lets everybody in and says nothing.
func (l *trackingListener) stall() {
	for {
		if _, err := l.Accept(); err != nil {
			return
		}
	}
}

// closeAll lets nobody in any more and ends every connection.
func (l *trackingListener) closeAll() {
	_ = l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		_ = conn.Close()
	}
}
