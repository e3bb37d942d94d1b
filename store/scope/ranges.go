package scope

import (
	"slices"
	"strings"
)

// Ranges is a set of numbers such as extensions, written "100-199,205". The zero
// value is empty and means all numbers. Numbers are digits with an optional "+", up
// to 20 characters; "007" and "7" are different. Both ends of a range have the same
// length. Ranges are sorted and merged. They never change, so copies may be shared.
// Compare them with [Ranges.Equal].
type Ranges struct {
	// spans are sorted and do not touch; nil if empty.
	spans []span
}

// span is the numbers from low to high, which have the same kind.
type span struct{ low, high number }

// IsUnrestricted reports whether r is empty and means all numbers.
func (r Ranges) IsUnrestricted() bool { return len(r.spans) == 0 }

// Contains reports whether r contains number or is empty. It does not allocate.
func (r Ranges) Contains(number string) bool {
	if r.IsUnrestricted() {
		return true
	}
	n, ok := parseNumber(number)
	return ok && r.containsSpan(span{n, n})
}

// Covers reports whether r contains every number of other.
func (r Ranges) Covers(other Ranges) bool {
	if r.IsUnrestricted() || other.IsUnrestricted() {
		return r.IsUnrestricted()
	}
	return !slices.ContainsFunc(other.spans, func(s span) bool { return !r.containsSpan(s) })
}

// containsSpan reports whether one span of r contains s. Spans do not touch, so two
// of them have a gap.
func (r Ranges) containsSpan(s span) bool {
	// The first span that does not end before s.
	lo, hi := 0, len(r.spans)
	for lo < hi {
		mid := (lo + hi) / 2
		if r.spans[mid].high.less(s.high) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(r.spans) && !s.low.less(r.spans[lo].low)
}

// Equal reports whether both contain the same numbers.
func (r Ranges) Equal(other Ranges) bool { return slices.Equal(r.spans, other.spans) }

// Clone returns a deep copy of r.
func (r Ranges) Clone() Ranges { return Ranges{slices.Clone(r.spans)} }

// String returns the shortest text for [ParseRanges], sorted.
func (r Ranges) String() string {
	var text strings.Builder
	for i, s := range r.spans {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(s.low.String())
		if s.high != s.low {
			text.WriteString("-" + s.high.String())
		}
	}
	return text.String()
}

// MarshalText writes the form of [Ranges.String].
func (r Ranges) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses text like [ParseRanges]. Use [ParseRangesField] to set the
// field of the error.
func (r *Ranges) UnmarshalText(text []byte) error {
	parsed, err := ParseRanges(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// mergeSpans sorts spans and merges spans that overlap or touch.
func mergeSpans(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return compareNumbers(a.low, b.low) })
	var result []span
	for _, s := range spans {
		if last := len(result) - 1; last >= 0 && result[last].adjoins(s) {
			if result[last].high.less(s.high) {
				result[last].high = s.high
			}
			continue
		}
		result = append(result, s)
	}
	return result
}

// adjoins reports whether next, which starts at s.low or later, overlaps or touches
// s.
func (s span) adjoins(next span) bool {
	if !s.high.less(next.low) {
		return true
	}
	following, ok := s.high.next()
	return ok && following == next.low
}
