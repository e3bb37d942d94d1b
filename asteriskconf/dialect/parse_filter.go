package dialect

import (
	"regexp"
	"strings"
)

// findSection returns the first section with a name that matches a filter, or
// nil. An empty filter matches every section that is not a template.
func (l *fileLoader) findSection(name, filter string) (*category, error) {
	x := l.p.sectionsNamed(name)
	if x == nil || filter == "" {
		return x.firstNonTemplate(), nil
	}
	terms, ok := parseFilter(filter)
	if !ok {
		l.reportf(FindingInvalidFilter, "the filter after the + is invalid and matches no section")
		return nil, nil
	}
	for _, c := range x.list {
		if err := l.consume(0, 1+len(terms)*len(c.lines)); err != nil {
			return nil, err
		}
		if matchesAll(c, terms) {
			return c, nil
		}
	}
	return nil, nil
}

// term is one "key=value" of a filter. It is a pair of extended regular
// expressions that one line must match, or a condition on templates.
type term struct {
	key, value *regexp.Regexp
	templates  string
}

// parseFilter splits a filter at "&" into terms, and each term at "=". It
// returns false if the filter cannot match anything.
func parseFilter(filter string) ([]term, bool) {
	var terms []term
	rest, more := filter, true
	for more {
		var text string
		text, rest, more = cutQuoted(rest, '&')
		key, value, ok := cutQuoted(text, '=')
		if !ok {
			return nil, false
		}
		value, _, _ = cutQuoted(value, '=')
		t, ok := newTerm(key, value)
		if !ok {
			return nil, false
		}
		terms = append(terms, t)
	}
	return terms, true
}

func newTerm(key, value string) (term, bool) {
	if key == "TEMPLATES" {
		word := FoldName(value)
		return term{templates: word}, word == "include" || word == "restrict"
	}
	k, err := regexp.CompilePOSIX(key)
	if err != nil {
		return term{}, false
	}
	v, err := regexp.CompilePOSIX(value)
	if err != nil {
		return term{}, false
	}
	return term{key: k, value: v}, true
}

// matchesAll reports whether a section matches all terms. A template matches
// only if a term asks for templates.
func matchesAll(c *category, terms []term) bool {
	templates := false
	for _, t := range terms {
		switch {
		case t.templates != "":
			if t.templates == "restrict" && !c.template {
				return false
			}
			templates = true
		case !t.matchesAnyLine(c):
			return false
		}
	}
	return !c.template || templates
}

func (t *term) matchesAnyLine(c *category) bool {
	for i := range c.lines {
		if t.key.MatchString(c.lines[i].Key) && t.value.MatchString(c.lines[i].Value) {
			return true
		}
	}
	return false
}

// cutQuoted cuts text at the first sep outside quotes. It trims blanks and one
// pair of quotes from the part before it. A backslash hides two characters,
// itself included, but not a separator directly after them.
func cutQuoted(text string, sep byte) (before, after string, found bool) {
	end := len(text)
	var quotes []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			i += 2
		}
		if i >= len(text) {
			break
		}
		c := text[i]
		if c == '\'' || c == '"' {
			if len(quotes) > 0 && quotes[len(quotes)-1] == c {
				quotes = quotes[:len(quotes)-1]
			} else {
				quotes = append(quotes, c)
			}
		}
		if c == sep && len(quotes) == 0 {
			end, after, found = i, text[i+1:], true
			break
		}
	}
	return unquote(text[:end]), after, found
}

func unquote(text string) string {
	text = strings.TrimFunc(text, func(c rune) bool { return c <= ' ' })
	if text == "" || (text[0] != '\'' && text[0] != '"') || text[len(text)-1] != text[0] {
		return text
	}
	if len(text) == 1 {
		return ""
	}
	return text[1 : len(text)-1]
}
