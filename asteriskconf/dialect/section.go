package dialect

import "slices"

// Line is one "key = value" of a section as Asterisk sees it, without comments,
// escapes and surrounding blanks.
type Line struct {
	Key   string
	Value string
}

// Section is one "[name]" with its lines in file order. Two sections can have
// the same name, and a section can have the same key twice. The module decides
// what that means.
type Section struct {
	Name  string
	Lines []Line
}

// Value returns the value of the last line with this key and whether there is
// one. It ignores case, as Asterisk's modules do.
func (s *Section) Value(key string) (string, bool) {
	for _, l := range slices.Backward(s.Lines) {
		if equalFold(l.Key, key) {
			return l.Value, true
		}
	}
	return "", false
}

// Values returns the values of all lines with this key, in file order.
func (s *Section) Values(key string) []string {
	var values []string
	for _, l := range s.Lines {
		if equalFold(l.Key, key) {
			values = append(values, l.Value)
		}
	}
	return values
}

// FoldName returns a section name or key with its ASCII letters in lower case.
// Asterisk treats two names as equal if they are equal once folded.
func FoldName(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		folded[i] = lower(c)
	}
	return string(folded)
}

// equalFold compares like strcasecmp in the C locale, as Asterisk compares keys
// and section names: only ASCII letters have case.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
