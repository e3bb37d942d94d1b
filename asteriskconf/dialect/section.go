package dialect

import "slices"

// Line is one "key = value" of a section, as Asterisk sees it: comments,
// escapes and outer blanks are gone.
type Line struct {
	Key   string
	Value string
}

// Section is one "[name]" with its lines in file order. Two sections may have
// the same name, and one section the same key twice: what that means is the
// module's affair.
type Section struct {
	Name  string
	Lines []Line
}

// Value returns the value of the last line with this key, compared without
// regard to case as Asterisk's modules do, and whether there is one.
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
// Two names are the same to Asterisk if they are equal once folded.
func FoldName(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		folded[i] = lower(c)
	}
	return string(folded)
}

// equalFold compares like strcasecmp in the C locale, which is how Asterisk
// compares keys and section names: only ASCII letters have case.
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
