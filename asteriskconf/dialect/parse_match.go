package dialect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// matchName matches a file name like fnmatch(3) with FNM_PERIOD in the locale
// C.UTF-8, which Asterisk uses.
func matchName(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false
	}
	return matchText([]rune(pattern), []rune(name))
}

// matchText backtracks to the last asterisk only. That is enough, because a
// later asterisk can match whatever an earlier one could.
func matchText(pattern, text []rune) bool {
	p, t := 0, 0
	star, mark := -1, 0
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, t
			p++
			continue
		}
		if n := matchOne(pattern[p:], text[t]); n > 0 {
			p += n
			t++
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		p, t = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches one character. It returns the length of the pattern it used,
// or 0.
func matchOne(pattern []rune, c rune) int {
	if len(pattern) == 0 {
		return 0
	}
	switch pattern[0] {
	case '?':
		return 1
	case '\\':
		if len(pattern) > 1 && pattern[1] == c {
			return 2
		}
		return 0
	case '[':
		if set, n := cutSet(pattern); n > 0 {
			if set.contains(c) {
				return n
			}
			return 0
		}
	}
	if pattern[0] == c {
		return 1
	}
	return 0
}

// runeSet is a bracket expression.
type runeSet struct {
	ranges  [][2]rune
	classes []string
	negated bool
}

// cutSet reads a bracket expression and returns its length, or 0 if it is not
// closed.
func cutSet(pattern []rune) (set runeSet, n int) {
	i := 1
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		set.negated = true
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return set, i + 1
		}
		if class, n := cutClass(pattern[i:]); n > 0 {
			set.classes = append(set.classes, class)
			i += n
			continue
		}
		low, n := cutMember(pattern[i:])
		i += n
		high := low
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			high, n = cutMember(pattern[i+1:])
			i += 1 + n
		}
		set.ranges = append(set.ranges, [2]rune{low, high})
	}
	return runeSet{}, 0
}

func cutMember(pattern []rune) (member rune, n int) {
	if pattern[0] == '\\' && len(pattern) > 1 {
		return pattern[1], 2
	}
	return pattern[0], 1
}

// cutClass reads a class such as "[:digit:]".
func cutClass(pattern []rune) (name string, n int) {
	if len(pattern) < 2 || pattern[0] != '[' || pattern[1] != ':' {
		return "", 0
	}
	name, _, ok := strings.Cut(string(pattern[2:]), ":]")
	if !ok {
		return "", 0
	}
	return name, utf8.RuneCountInString(name) + len("[::]")
}

func (s *runeSet) contains(c rune) bool {
	for _, r := range s.ranges {
		if r[0] <= c && c <= r[1] {
			return !s.negated
		}
	}
	for _, class := range s.classes {
		if inClass(class, c) {
			return !s.negated
		}
	}
	return s.negated
}

func inClass(class string, c rune) bool {
	switch class {
	case "digit":
		return '0' <= c && c <= '9'
	case "xdigit":
		return strings.ContainsRune("0123456789abcdefABCDEF", c)
	case "alpha":
		return unicode.IsLetter(c)
	case "alnum":
		return unicode.IsLetter(c) || ('0' <= c && c <= '9')
	case "upper":
		return unicode.IsUpper(c)
	case "lower":
		return unicode.IsLower(c)
	case "punct":
		return unicode.IsPunct(c) || unicode.IsSymbol(c)
	case "space":
		return unicode.IsSpace(c)
	}
	return false
}
