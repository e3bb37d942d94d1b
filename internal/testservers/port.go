package testservers

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Instances listen on ports below those that Linux gives to outgoing
// connections (net.ipv4.ip_local_port_range), so that no client takes one
// between two starts of an instance.
const (
	firstPort = 20000
	lastPort  = 29999
)

// port is a TCP port of 127.0.0.1 that no other instance of any test binary
// uses until release is called. An abstract socket holds the claim: the kernel
// drops it with the process, and two processes cannot have the same.
type port struct {
	number int
	lock   net.Listener
}

// ClaimAddress returns an address of 127.0.0.1 for a program of the test to
// listen on, which no other program of these tests takes while the test runs.
func ClaimAddress(t testing.TB) string {
	t.Helper()
	p, err := claimPort(t.Context())
	if err != nil {
		t.Fatalf("claiming a port: %v", err)
	}
	t.Cleanup(p.release)
	return p.address()
}

func claimPort(ctx context.Context) (*port, error) {
	const tries = 1000
	for range tries {
		p := &port{number: firstPort + rand.IntN(lastPort-firstPort+1)}
		var err error
		p.lock, err = new(net.ListenConfig).Listen(ctx, "unix", "@pbxusers-testserver-port-"+strconv.Itoa(p.number))
		if err != nil {
			continue
		}
		if p.isFree(ctx) {
			return p, nil
		}
		p.release()
	}
	return nil, errors.New("no free port of 127.0.0.1 was found")
}

func (p *port) address() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.number))
}

// isFree reports whether no program outside these tests listens on the port. It
// knocks: to listen there would keep the port busy for as long as a child that
// is forked meanwhile has not become its program.
func (p *port) isFree(ctx context.Context) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.address())
	if err != nil {
		return true
	}
	_ = conn.Close()
	return false
}

func (p *port) release() { _ = p.lock.Close() }
