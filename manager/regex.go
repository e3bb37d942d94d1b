package manager

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// checkRegex returns why an expression is not portable, or "". Asterisk
// compiles filters with regcomp(3) of the C library (REG_EXTENDED), and drops
// one that does not compile. checkRegex accepts the subset of POSIX extended
// regular expressions on which Go's parser and the C libraries agree: no GNU or
// Perl escapes, no empty alternatives, no repetition of an anchor.
func checkRegex(expression string) string {
	if strings.ContainsFunc(expression, func(c rune) bool { return c > unicode.MaxASCII }) {
		return "use ASCII characters only; use the method contains for others"
	}
	if _, err := regexp.CompilePOSIX(expression); err != nil {
		return "not a POSIX extended regular expression"
	}
	r := regexScanner{rest: expression}
	for r.rest != "" {
		if reason := r.next(); reason != "" {
			return reason
		}
	}
	if r.atStart && expression != "" {
		return "an alternative is empty"
	}
	return ""
}

// regexScanner scans an expression that Go's parser accepts.
type regexScanner struct {
	rest string
	// atStart means that there is nothing to repeat. quantified means that the
	// last item was a repetition.
	atStart, quantified, started bool
}

const regexSpecial = `.[]{}()*+?^$|\/-`

func (r *regexScanner) next() string {
	c := r.rest[0]
	first := r.atStart || !r.started
	r.started = true
	switch c {
	case '\\':
		if len(r.rest) < 2 || !strings.ContainsRune(regexSpecial, rune(r.rest[1])) {
			return `only a special character may follow \: ` + regexSpecial
		}
		r.advance(2, false, false)
	case '[':
		return r.bracket()
	case '(', '|':
		if c == '|' && first {
			return "an alternative is empty"
		}
		r.advance(1, true, false)
	case ')':
		if first {
			return "an alternative is empty"
		}
		r.advance(1, false, false)
	case '^', '$':
		r.advance(1, c == '^', c == '$')
	case '*', '+', '?', '{':
		return r.repetition(first)
	default:
		r.advance(1, false, false)
	}
	return ""
}

func (r *regexScanner) advance(n int, atStart, quantified bool) {
	r.rest, r.atStart, r.quantified = r.rest[n:], atStart, quantified
}

// interval is {m}, {m,} or {m,n}. Go's parser checks that m is not more than n.
var interval = regexp.MustCompile(`^\{([0-9]{1,3})(?:,([0-9]{1,3})?)?\}`)

// maxRepeat is the highest count that every C library supports (RE_DUP_MAX of
// POSIX).
const maxRepeat = 255

// repetition parses *, +, ? or {m,n}. It must follow something that is neither
// a repetition nor an anchor.
func (r *regexScanner) repetition(first bool) string {
	if first || r.quantified {
		return "a repetition must follow an item to repeat; write \\ before a literal " + r.rest[:1]
	}
	length := 1
	if r.rest[0] == '{' {
		m := interval.FindStringSubmatch(r.rest)
		if m == nil {
			return `write \ before a literal {`
		}
		for _, count := range m[1:] {
			if n, err := strconv.Atoi(count); err == nil && n > maxRepeat {
				return "the highest repetition count is " + strconv.Itoa(maxRepeat)
			}
		}
		length = len(m[0])
	}
	r.advance(length, false, true)
	return ""
}

var characterClasses = []string{
	"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit",
}

// bracket parses a bracket expression. A "]" may be first, and a "-" first or
// last. Anything else is a class, a character or a range.
func (r *regexScanner) bracket() string {
	body := strings.TrimPrefix(r.rest[1:], "^")
	for first := true; first || !strings.HasPrefix(body, "]"); first = false {
		length, reason := bracketElement(body)
		if reason != "" {
			return reason
		}
		body = body[length:]
	}
	r.advance(len(r.rest)-len(body)+1, false, false)
	return ""
}

// bracketElement returns the length of the first element in the rest of a
// bracket expression.
func bracketElement(body string) (length int, reason string) {
	switch {
	case body == "":
		return 0, "a bracket is not closed"
	case strings.HasPrefix(body, "[:"):
		name, _, closed := strings.Cut(body[2:], ":]")
		if !closed || !slices.Contains(characterClasses, name) {
			return 0, "in brackets, [: must begin a POSIX character class such as [:digit:]"
		}
		return len(name) + len("[::]"), ""
	case strings.HasPrefix(body, "[."), strings.HasPrefix(body, "[="), body[0] == '\\':
		return 0, `in brackets, [. [= and \ are not portable`
	case len(body) > 2 && body[1] == '-' && body[2] != ']':
		if !isAlphanumeric(body[0]) || !isAlphanumeric(body[2]) {
			return 0, "in brackets, a range must be of letters or digits, such as a-z; write a literal - last"
		}
		return 3, ""
	}
	return 1, ""
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
