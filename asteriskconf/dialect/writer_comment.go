package dialect

import (
	"strings"
	"unicode/utf8"
)

// commentWidth is far below the longest line of Asterisk.
const commentWidth = 1000

// commentLines converts text into lines that begin with ";" and a blank.
// Asterisk ignores such a line completely.
func commentLines(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Map(func(c rune) rune {
		if (c < ' ' && c != '\n') || c == 0x7f {
			return ' '
		}
		return c
	}, text)
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		for len(line) > commentWidth {
			cut := commentWidth
			for !utf8.RuneStart(line[cut]) {
				cut--
			}
			lines = append(lines, "; "+line[:cut])
			line = line[cut:]
		}
		lines = append(lines, "; "+line)
	}
	return lines
}
