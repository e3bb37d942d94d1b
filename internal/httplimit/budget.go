package httplimit

import (
	"context"
	"net/netip"
	"sync"
)

// Budget bounds the bytes that bodies take at the same time, in total and for each
// client. An IPv6 client is its /64.
type Budget struct {
	max, maxPerClient int64

	mu      sync.Mutex
	used    int64
	clients map[netip.Prefix]int64
	// freed is closed, and replaced, when bytes are released.
	freed chan struct{}
}

// NewBudget returns a budget of maxBytes, of which a client can take maxPerClient.
func NewBudget(maxBytes, maxPerClient int64) *Budget {
	return &Budget{
		max: maxBytes, maxPerClient: min(maxBytes, maxPerClient),
		clients: map[netip.Prefix]int64{}, freed: make(chan struct{}),
	}
}

// Used returns the bytes that are reserved.
func (b *Budget) Used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// reserve takes n bytes for a client until release, and waits for them until ctx
// ends. More bytes than the client can have count as all of these.
func (b *Budget) reserve(ctx context.Context, client netip.Addr, n int64) (release func(), err error) {
	key := clientKey(client)
	n = min(n, b.maxPerClient)
	for {
		freed, ok := b.tryReserve(key, n)
		if ok {
			return sync.OnceFunc(func() { b.release(key, n) }), nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryReserve takes n bytes, or returns what is closed when there may be some.
func (b *Budget) tryReserve(key netip.Prefix, n int64) (freed <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.max || b.clients[key]+n > b.maxPerClient {
		return b.freed, false
	}
	b.used += n
	b.clients[key] += n
	return nil, true
}

func (b *Budget) release(key netip.Prefix, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.clients[key] -= n; b.clients[key] == 0 {
		delete(b.clients, key)
	}
	close(b.freed)
	b.freed = make(chan struct{})
}

// clientKey returns the network that counts as one client: an IPv4 address, or the
// /64 of an IPv6 address.
func clientKey(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix, _ := addr.Prefix(bits) // the zero address has the zero prefix
	return prefix
}
