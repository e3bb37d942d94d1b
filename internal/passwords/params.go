package passwords

import "github.com/pbxusers/pbxusers/store/credential"

// Params are the costs of argon2id.
type Params credential.Argon2

// The bounds of Params. What argon2id costs is memory times passes.
const (
	maxMemory       = 256 << 10 // KiB
	maxTime         = 16
	maxThreads      = 16
	maxMemoryPasses = 1 << 20 // KiB
	memoryPerLane   = 8       // KiB at least: RFC 9106, section 3.1
)

// DefaultParams are 19 MiB, 2 passes, 1 lane: the first choice of OWASP's
// Password Storage Cheat Sheet.
func DefaultParams() Params { return Params{Memory: 19 * 1024, Time: 2, Threads: 1} }

// bounded returns p with defaults for what is 0, within the bounds.
func (p Params) bounded() Params {
	d := DefaultParams()
	if p.Memory == 0 {
		p.Memory = d.Memory
	}
	if p.Time == 0 {
		p.Time = d.Time
	}
	if p.Threads == 0 {
		p.Threads = d.Threads
	}
	p.Threads = min(p.Threads, maxThreads)
	p.Memory = min(max(p.Memory, memoryPerLane*uint32(p.Threads)), maxMemory)
	p.Time = min(p.Time, maxTime, maxMemoryPasses/p.Memory)
	return p
}

// weakerThan reports whether any cost of p is below that of want.
func (p Params) weakerThan(want Params) bool {
	return p.Memory < want.Memory || p.Time < want.Time || p.Threads < want.Threads
}
