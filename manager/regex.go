package manager

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// checkRegex returns what keeps an expression from meaning the same to
// everybody, or "". Asterisk compiles filters with regcomp(3) of the C library
// (REG_EXTENDED), and drops one that does not compile. What is accepted here
// is the part of the extended regular expressions of POSIX on which Go's
// parser and the C libraries agree: no escapes of GNU or Perl, no empty
// alternatives, no repetition of an anchor.
func checkRegex(expression string) string {
	if strings.ContainsFunc(expression, func(c rune) bool { return c > unicode.MaxASCII }) {
		return "only ASCII characters mean the same to every Asterisk; use the method contains for others"
	}
	if _, err := regexp.CompilePOSIX(expression); err != nil {
		return "this is not an extended regular expression of POSIX"
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

// regexScanner walks over an expression that Go's parser has accepted.
type regexScanner struct {
	rest string
	// atStart: nothing that could be repeated stands before; quantified: the
	// last thing was a repetition.
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
			return `after \ only a special character may stand: ` + regexSpecial
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

// interval is {m}, {m,} or {m,n}. Whether m is more than n, Go's parser has
// looked at.
var interval = regexp.MustCompile(`^\{([0-9]{1,3})(?:,([0-9]{1,3})?)?\}`)

// maxRepeat is what every C library can count to (RE_DUP_MAX of POSIX).
const maxRepeat = 255

// repetition takes *, +, ? or {m,n}, which must follow something that is not
// itself a repetition or an anchor.
func (r *regexScanner) repetition(first bool) string {
	if first || r.quantified {
		return "a repetition must follow what it repeats; write \\ before a literal " + r.rest[:1]
	}
	length := 1
	if r.rest[0] == '{' {
		m := interval.FindStringSubmatch(r.rest)
		if m == nil {
			return `write \ before a literal {`
		}
		for _, count := range m[1:] {
			if n, err := strconv.Atoi(count); err == nil && n > maxRepeat {
				return "a repetition may count to " + strconv.Itoa(maxRepeat)
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

// bracket takes a whole bracket expression. A "]" may stand first in it and a
// "-" first or last; anything else is a class, a character or a range.
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

// bracketElement returns the length of the element that the rest of a bracket
// expression begins with.
func bracketElement(body string) (length int, reason string) {
	switch {
	case body == "":
		return 0, "a bracket is not closed"
	case strings.HasPrefix(body, "[:"):
		name, _, closed := strings.Cut(body[2:], ":]")
		if !closed || !slices.Contains(characterClasses, name) {
			return 0, "in brackets, [: must begin a character class of POSIX such as [:digit:]"
		}
		return len(name) + len("[::]"), ""
	case strings.HasPrefix(body, "[."), strings.HasPrefix(body, "[="), body[0] == '\\':
		return 0, `in brackets, [. [= and \ do not mean the same everywhere`
	case len(body) > 2 && body[1] == '-' && body[2] != ']':
		if !isAlphanumeric(body[0]) || !isAlphanumeric(body[2]) {
			return 0, "in brackets, a range must be one of letters or digits, such as a-z; write a literal - last"
		}
		return 3, ""
	}
	return 1, ""
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
