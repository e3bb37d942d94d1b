package credential

// Argon2 is the cost of an argon2id hash (RFC 9106). Fields that are 0 have
// defaults: 19 MiB, 2 passes and 1 lane, the first choice of OWASP's Password
// Storage Cheat Sheet. Values out of range are set to the nearest limit.
type Argon2 struct {
	// Memory is in KiB, at most 256 MiB.
	Memory uint32
	// Time is the number of passes, at most 16.
	Time uint32
	// Threads is the number of lanes, at most 16.
	Threads uint8
}
