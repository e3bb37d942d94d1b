package username

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Latin writes the letters of a name in lower case that have a usual spelling without
// accents in that spelling: jürgen becomes juergen, and zoë becomes zoe. Other letters,
// such as Chinese ones, stay as they are.
func Latin(name string) string {
	name = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "oe", "œ", "oe", "ł", "l", "đ", "d", "ı", "i").Replace(norm.NFC.String(name))
	var plain strings.Builder
	latin := false
	for _, r := range norm.NFD.String(name) {
		if latin && r >= '\u0300' && r <= '\u036f' {
			continue // an accent
		}
		latin = r >= 'a' && r <= 'z'
		plain.WriteRune(r)
	}
	return norm.NFC.String(plain.String())
}
