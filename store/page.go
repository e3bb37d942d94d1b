package store

// Bounds of [PageRequest.Limit].
const (
	DefaultPageLimit = 50
	MaxPageLimit     = 1000
)

// PageRequest asks for a part of a list in key order. Pages are cut by key, never by
// offset, so that records made or deleted meanwhile neither repeat nor hide
// others.
type PageRequest struct {
	// After is the key that the page begins after: the Next of the page
	// before. Empty begins at the start.
	After string
	// Limit is the largest number of records wanted. 0 and less mean
	// [DefaultPageLimit]; more than [MaxPageLimit] means that.
	Limit int
}

// EffectiveLimit returns the limit to use, between 1 and [MaxPageLimit].
func (p PageRequest) EffectiveLimit() int {
	switch {
	case p.Limit <= 0:
		return DefaultPageLimit
	case p.Limit > MaxPageLimit:
		return MaxPageLimit
	}
	return p.Limit
}

// Page is one page of records in key order.
type Page[T any] struct {
	Items []T `json:"items"`
	// Next is what to pass as [PageRequest.After] for the page that follows; empty
	// when this is the last one.
	Next string `json:"next"`
}
