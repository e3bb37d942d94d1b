// Package username validates the usernames of users and administrators and
// decides when two of them are the same. The names of AMI accounts follow the
// rules of Asterisk instead; see package manager.
//
// Names that look alike because one is written with other characters of the
// same meaning, such as fullwidth letters or ligatures, are one name. Letters
// of different scripts that happen to look alike, such as the Latin and the
// Cyrillic a, stay different: to tell them apart takes whoever hands out names.
package username

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MinLength and MaxLength are counted in characters.
const (
	MinLength = 1
	MaxLength = 64
)

// InvalidMessage is the sentence of the refusal of a name that is not Valid.
const InvalidMessage = "use 1 to 64 letters of any script, digits, dots, dashes, underscores, plus and @, beginning with a letter or digit"

// Normalize returns the name as it is kept: NFC, no blanks around it.
func Normalize(name string) string {
	return norm.NFC.String(strings.TrimSpace(name))
}

// Valid reports whether a normalised name is acceptable: what [InvalidMessage] says,
// where a letter may carry marks that are visible, and none of its characters
// is another way to write a plainer one (see [Fold]).
func Valid(name string) bool {
	if len(name) > MaxLength*utf8.UTFMax || !norm.NFC.IsNormalString(name) {
		return false
	}
	length, afterBase := 0, false
	for _, r := range name { // U+FFFD, which is no letter, for what is not UTF-8
		// bare says that r follows something that can carry a mark.
		isBase, ok := classify(r, afterBase)
		if !ok || length == 0 && !isBase {
			return false
		}
		length, afterBase = length+1, isBase
	}
	return length >= MinLength && length <= MaxLength
}

// classify reports whether r may stand in a name, where it follows something
// that can carry a mark or not, and whether it can itself be followed by one.
func classify(r rune, afterBase bool) (isBase, ok bool) {
	switch {
	case strings.ContainsRune("._@+-", r):
		return false, true
	case unicode.In(r, unicode.L, unicode.Nd):
		return true, !isInvisible(r) && !isCompatibility(r)
	case unicode.Is(unicode.M, r):
		return true, afterBase && !isInvisible(r) && !isCompatibility(r)
	}
	return false, false
}

// isInvisible reports whether r is one of the letters and marks that show as
// nothing, such as the fillers of Hangul.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// compatibilityExceptions are the characters that Unicode can write in two ways, of which
// this is the one that keyboards give: the am of Thai and Lao, two letters of
// Lao, and the ew of Armenian.
var compatibilityExceptions = unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0587, Hi: 0x0587, Stride: 1},
	{Lo: 0x0e33, Hi: 0x0e33, Stride: 1},
	{Lo: 0x0eb3, Hi: 0x0eb3, Stride: 1},
	{Lo: 0x0edc, Hi: 0x0edd, Stride: 1},
}}

// isCompatibility reports whether r is a compatibility form of other characters,
// such as a ligature or a fullwidth letter.
func isCompatibility(r rune) bool {
	s := string(r)
	return norm.NFKC.String(s) != norm.NFC.String(s) && !unicode.Is(&compatibilityExceptions, r)
}
