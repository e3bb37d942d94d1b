package username

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the form of a name that is unique and sorted by: without regard
// to case (Unicode's full case folding), and to which of several ways in
// Unicode it was written (NFKC). The four letters i of Turkish are one, so that
// a name is found whichever rule of capitals it was typed by. Any string has a
// form, and folding it again changes nothing; what is not UTF-8 folds to
// U+FFFD, which no valid name holds.
func Fold(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	// Folding wants its input decomposed, and NFKD may bring capitals back,
	// so that it takes two rounds: Unicode, section 3.13, D146.
	name = strings.ToValidUTF8(name, "\ufffd")
	folder := cases.Fold()
	name = folder.String(norm.NFD.String(name))
	name = folder.String(norm.NFKD.String(name))
	return norm.NFKC.String(foldSpecialCases(norm.NFKD.String(name)))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

const (
	dotlessI = 'ı'
	dotAbove = '\u0307'
)

// foldSpecialCases does what is left to do on a name that is decomposed and folded: it
// makes the dotless i, and the i with a dot of its own, a plain i, and the small
// letters of Cherokee, which cases.Fold leaves alone, capital ones, as Unicode's
// CaseFolding.txt has it.
func foldSpecialCases(name string) string {
	afterI := false
	return strings.Map(func(r rune) rune {
		switch {
		case r == dotlessI || r == 'i':
			afterI = true
			return 'i'
		case norm.NFD.PropertiesString(string(r)).CCC() == 0:
			afterI = false
		case afterI && r == dotAbove:
			return -1
		}
		if unicode.Is(unicode.Cherokee, r) {
			return unicode.ToUpper(r)
		}
		return r
	}, name)
}
