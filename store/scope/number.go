package scope

import "cmp"

// maxNumberLength is that of the longest number in [Ranges], its plus included.
const maxNumberLength = 20

// number is digits with or without a plus in front, packed so that comparing
// takes no time: hi holds the length, then a bit that is 0 after a plus, then
// the first 4 digits; lo holds the other 16, four bits each. Numbers of one
// length so sort as text, a plus being less than any digit.
type number struct{ hi, lo uint64 }

const (
	lengthShift = 24
	plainBit    = 1 << 16
	lowDigits   = 16
)

// parseNumber reports false when text is no number.
func parseNumber(text string) (n number, ok bool) {
	if text == "" || len(text) > maxNumberLength {
		return number{}, false
	}
	digits := text
	if text[0] == '+' {
		digits = text[1:]
	}
	split := max(0, len(digits)-lowDigits)
	first, firstOK := packBCD(digits[:split])
	last, lastOK := packBCD(digits[split:])
	n = number{hi: uint64(len(text))<<lengthShift | first, lo: last}
	if len(digits) == len(text) {
		n.hi |= plainBit
	}
	return n, firstOK && lastOK && digits != ""
}

// packBCD returns up to 16 digits, four bits each; false when one is none.
func packBCD(digits string) (packed uint64, ok bool) {
	for i := range len(digits) {
		digit := digits[i] - '0'
		if digit > 9 {
			return 0, false
		}
		packed = packed<<4 | uint64(digit)
	}
	return packed, true
}

// kind is equal for numbers of one length that both have a plus, or both not.
func (n number) kind() uint64 { return n.hi &^ (plainBit - 1) }

func (n number) less(other number) bool {
	return n.hi < other.hi || n.hi == other.hi && n.lo < other.lo
}

func compareNumbers(a, b number) int { return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo)) }

// String returns what parseNumber reads.
func (n number) String() string {
	text := make([]byte, n.hi>>lengthShift)
	first := 0
	if n.hi&plainBit == 0 {
		text[0], first = '+', 1
	}
	for i, hi, lo := len(text)-1, n.hi, n.lo; i >= first; i-- {
		text[i] = '0' + byte(lo&0xf)
		hi, lo = hi>>4, lo>>4|hi&0xf<<60
	}
	return string(text)
}

// next returns the number that follows, of the same kind; false after the last.
func (n number) next() (number, bool) {
	digits := []byte(n.String())
	for i := len(digits) - 1; i >= 0 && digits[i] != '+'; i-- {
		if digits[i] != '9' {
			digits[i]++
			return parseNumber(string(digits))
		}
		digits[i] = '0'
	}
	return number{}, false
}
