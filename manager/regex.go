package manager

import (
	"regexp"
	"slices"
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
	r := regexReader{rest: expression}
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

// regexReader walks over an expression that Go's parser has accepted.
type regexReader struct {
	rest string
	// atStart: nothing that could be repeated stands before; quantified: the
	// last thing was a repetition.
	atStart, quantified, begun bool
}

const regexSpecial = `.[]{}()*+?^$|\/-`

func (r *regexReader) next() string {
	c := r.rest[0]
	first := r.atStart || !r.begun
	r.begun = true
	switch c {
	case '\\':
		if len(r.rest) < 2 || !strings.ContainsRune(regexSpecial, rune(r.rest[1])) {
			return `after \ only a special character may stand: ` + regexSpecial
		}
		r.take(2, false, false)
	case '[':
		return r.bracket()
	case '(', '|':
		if c == '|' && first {
			return "an alternative is empty"
		}
		r.take(1, true, false)
	case ')':
		if first {
			return "an alternative is empty"
		}
		r.take(1, false, false)
	case '^', '$':
		r.take(1, c == '^', c == '$')
	case '*', '+', '?', '{':
		return r.repetition(first)
	default:
		r.take(1, false, false)
	}
	return ""
}

func (r *regexReader) take(n int, atStart, quantified bool) {
	r.rest, r.atStart, r.quantified = r.rest[n:], atStart, quantified
}

var interval = regexp.MustCompile(`^\{[0-9]{1,3}(,([0-9]{1,3})?)?\}`)

// repetition takes *, +, ? or {m,n}, which must follow something that is not
// itself a repetition or an anchor.
func (r *regexReader) repetition(first bool) string {
	if first || r.quantified {
		return "a repetition must follow what it repeats; write \\ before a literal " + r.rest[:1]
	}
	length := 1
	if r.rest[0] == '{' {
		if length = len(interval.FindString(r.rest)); length == 0 {
			return `write \ before a literal {`
		}
	}
	r.take(length, false, true)
	return ""
}

var characterClasses = []string{
	"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit",
}

// bracket takes a whole bracket expression.
func (r *regexReader) bracket() string {
	body := strings.TrimPrefix(r.rest[1:], "^")
	end := 1 + strings.IndexByte(body[1:], ']')
	for open := strings.Index(body, "[:"); open >= 0 && open < end; {
		name, _, closed := strings.Cut(body[open+2:], ":]")
		if !closed || !slices.Contains(characterClasses, name) {
			return "in brackets, [: must begin a character class of POSIX such as [:digit:]"
		}
		after := open + len("[:") + len(name) + len(":]")
		if end = strings.IndexByte(body[after:], ']'); end < 0 {
			return "a bracket is not closed"
		}
		end += after
		next := strings.Index(body[after:], "[:")
		if open = next; next >= 0 {
			open = after + next
		}
	}
	if set := body[:end]; strings.Contains(set, "[.") || strings.Contains(set, "[=") || strings.Contains(set, `\`) {
		return `in brackets, [. [= and \ do not mean the same everywhere`
	}
	r.take(len(r.rest)-len(body)+end+1, false, false)
	return ""
}
