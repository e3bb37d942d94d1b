package dialect

// charClass is the set of byte classes that occur in a text, found in one pass.
type charClass uint8

const (
	// classControl marks the bytes below 0x20 and DEL.
	classControl charClass = 1 << iota
	// classNonASCII marks the bytes from 0x80.
	classNonASCII
	// classBracket marks "]".
	classBracket
	// classSpecial marks the bytes that the writer escapes or that go-ini would
	// change.
	classSpecial
	// classSemicolon marks ";", which is also special.
	classSemicolon
	// classUpper marks A to Z.
	classUpper
)

var byteClasses = func() (table [256]charClass) {
	for c := range table {
		switch {
		case c < ' ' || c == 0x7f:
			table[c] = classControl
		case c >= 0x80:
			table[c] = classNonASCII
		case 'A' <= c && c <= 'Z':
			table[c] = classUpper
		}
	}
	table[']'] = classBracket
	for _, c := range "[#=\\;\"`" {
		table[c] = classSpecial
	}
	table[';'] |= classSemicolon
	return table
}()

func classesOf[T string | []byte](text T) charClass {
	var t charClass
	for i := range len(text) {
		t |= byteClasses[text[i]]
	}
	return t
}

// isSimple reports whether a line is written as it is, by whatever means.
// Most are.
func isSimple(l *Line) bool {
	const longest = 512
	k, v := l.Key, l.Value
	if k == "" || len(k) > longest || len(v) > longest || (classesOf(k)|classesOf(v))&(classControl|classNonASCII|classSpecial) != 0 {
		return false
	}
	return k[0] != ' ' && k[len(k)-1] != ' ' && (v == "" || (v[0] != ' ' && v[len(v)-1] != ' '))
}
