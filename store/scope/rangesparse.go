package scope

import (
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// MaxRanges is the maximum number of ranges of one value, after merging.
const MaxRanges = 64

// maxRangesBytes is the maximum length of the text, in bytes. It is enough for
// [MaxRanges] of the longest ranges, with spaces and duplicates.
const maxRangesBytes = 4096

// ParseRanges parses numbers and ranges, separated by commas. It ignores spaces
// around them; "" is empty. It returns a store.InvalidError on "ranges" if the text
// is invalid or has more than 64 ranges after merging.
func ParseRanges(text string) (Ranges, error) { return ParseRangesField("ranges", text) }

// ParseRangesField is [ParseRanges] with an error on the given field, such as
// "extensions" or "dids".
func ParseRangesField(field, text string) (Ranges, error) {
	fail := func(code, message string) (Ranges, error) {
		return Ranges{}, store.NewInvalidError(store.FieldError{Field: field, Code: code, Message: message})
	}
	if len(text) > maxRangesBytes {
		return fail(store.CodeMax, fmt.Sprintf("at most %d bytes; enter fewer ranges", maxRangesBytes))
	}
	if strings.TrimSpace(text) == "" {
		return Ranges{}, nil
	}
	var spans []span
	for i, part := range strings.Split(text, ",") {
		s, reason := parseSpan(part)
		if reason != "" {
			return fail(store.CodeRange, fmt.Sprintf("part %d: %s", i+1, reason))
		}
		spans = append(spans, s)
	}
	if spans = mergeSpans(spans); len(spans) > MaxRanges {
		return fail(store.CodeMax, fmt.Sprintf("at most %d ranges, after merging", MaxRanges))
	}
	return Ranges{spans}, nil
}

// parseSpan parses a number or a range, or returns the error.
func parseSpan(part string) (s span, reason string) {
	low, high, isRange := strings.Cut(part, "-")
	if !isRange {
		high = low
	}
	low, high = strings.TrimSpace(low), strings.TrimSpace(high)
	var lowOK, highOK bool
	s.low, lowOK = parseNumber(low)
	s.high, highOK = parseNumber(high)
	switch {
	case low == "" && high == "":
		return s, "empty item between commas"
	case !lowOK || !highOK:
		return s, fmt.Sprintf("enter a number such as 205, or a range such as 100-199; a number has up to %d digits, with an optional + in front", maxNumberLength)
	case s.low.kind() != s.high.kind():
		return s, "both ends of a range must have the same length, and + on both or on neither; enter 10-99,100-199 instead of 10-199"
	case s.high.less(s.low):
		return s, "the range starts after its end; enter the smaller number first"
	}
	return s, ""
}
