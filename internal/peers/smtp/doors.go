package smtp

import (
	"net"
	"sync"
)

// doors is a listener that remembers who came in, to show them out.
type doors struct {
	net.Listener

	mu   sync.Mutex
	came []net.Conn
}

// Accept waits for the next connection.
func (d *doors) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.came = append(d.came, conn)
	return conn, nil
}

// hold lets everybody in and says nothing.
func (d *doors) hold() {
	for {
		if _, err := d.Accept(); err != nil {
			return
		}
	}
}

// close lets nobody in any more and ends every connection.
func (d *doors) close() {
	_ = d.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range d.came {
		_ = conn.Close()
	}
}
