//go:build !linux

package ami

import (
	"net"
	"time"
)

// newDialer returns a dialer with the limits of the system: see that of Linux.
func newDialer(time.Duration) *net.Dialer { return &net.Dialer{} }
