package scope

import "cmp"

// maxNumberLength is the maximum length of a number in [Ranges], including the
// plus.
const maxNumberLength = 20

// number is a number with an optional plus, packed for fast comparison. hi has the
// length, then a bit that is 0 after a plus, then the first 4 digits. lo has the
// other 16 digits, four bits each. Numbers of one length sort like text; a plus is
// less than any digit.
type number struct{ hi, lo uint64 }

const (
	lengthShift = 24
	plainBit    = 1 << 16
	lowDigits   = 16
)

// parseNumber returns false if text is not a number.
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

// packBCD returns up to 16 digits, four bits each; false if one is not a digit.
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

// kind is equal for numbers of the same length that both have a plus or both have
// none.
func (n number) kind() uint64 { return n.hi &^ (plainBit - 1) }

func (n number) less(other number) bool {
	return n.hi < other.hi || n.hi == other.hi && n.lo < other.lo
}

func compareNumbers(a, b number) int { return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo)) }

// String returns the text for parseNumber.
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

// next returns the next number of the same kind; false after the last one.
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
