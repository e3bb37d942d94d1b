package audit

// Rehash gives the entries valid hashes, which need no secret, but no signatures.
func Rehash(entries []*Entry) {
	var previous Hash
	for _, e := range entries {
		e.Hash = e.chainHash(previous)
		previous = e.Hash
	}
}
