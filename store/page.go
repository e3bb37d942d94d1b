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
	// Before is the key after the page: the Previous of the next page. The page has
	// the last records before it, in the same order. It counts only without After.
	Before string
	// Limit is the maximum number of records. 0 and less mean [DefaultPageLimit];
	// more than [MaxPageLimit] means MaxPageLimit.
	Limit int
	// Count asks for [Page.Total].
	Count bool
}

// IsBackward reports whether the page ends at a key, rather than starts at one.
func (p PageRequest) IsBackward() bool { return p.After == "" && p.Before != "" }

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
	// Previous is the [PageRequest.Before] of the previous page; empty for the first
	// page. If the other records were deleted since, the previous or next page is empty.
	Previous string `json:"previous,omitempty"`
	// Total is the number of records on all pages, if it was asked for. AtLeast means
	// that there can be more: to count further would take too long.
	Total   int  `json:"total,omitempty"`
	AtLeast bool `json:"at_least,omitempty"`
}
