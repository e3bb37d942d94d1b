package store

// Limits of [PageRequest.Limit].
const (
	DefaultPageLimit = 50
	MaxPageLimit     = 1000
)

// PageRequest requests a page of a list in key order. Pages are split by key, not
// by offset: records that are created or deleted between two pages neither repeat
// nor hide others.
type PageRequest struct {
	// After is the key before the page: the Next of the previous page. Empty starts
	// at the beginning.
	After string
	// Limit is the maximum number of records. 0 and less mean [DefaultPageLimit];
	// more than [MaxPageLimit] means MaxPageLimit.
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
	// Next is the [PageRequest.After] of the next page; empty for the last page.
	Next string `json:"next"`
}
