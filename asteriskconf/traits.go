package asteriskconf

// traits say what kinds of bytes a text holds, found in one pass.
type traits uint8

const (
	// control stands for bytes below 0x20 and DEL.
	control traits = 1 << iota
	// high stands for bytes from 0x80 on.
	high
	// bracket stands for "]".
	bracket
	// special stands for what the writer escapes, or go-ini would change.
	special
	// semicolon stands for ";", which is special too.
	semicolon
	// upper stands for A to Z.
	upper
)

var traitsOfByte = func() (table [256]traits) {
	for c := range table {
		switch {
		case c < ' ' || c == 0x7f:
			table[c] = control
		case c >= 0x80:
			table[c] = high
		case 'A' <= c && c <= 'Z':
			table[c] = upper
		}
	}
	table[']'] = bracket
	for _, c := range "[#=\\;\"`" {
		table[c] = special
	}
	table[';'] |= semicolon
	return table
}()

func traitsOf[T string | []byte](text T) traits {
	var t traits
	for i := range len(text) {
		t |= traitsOfByte[text[i]]
	}
	return t
}

// isSimple reports whether a line is written as it is, by whatever means.
// Most are.
func isSimple(l *Line) bool {
	const longest = 512
	k, v := l.Key, l.Value
	if k == "" || len(k) > longest || len(v) > longest || (traitsOf(k)|traitsOf(v))&(control|high|special) != 0 {
		return false
	}
	return k[0] != ' ' && k[len(k)-1] != ' ' && (v == "" || (v[0] != ' ' && v[len(v)-1] != ' '))
}
