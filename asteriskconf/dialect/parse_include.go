package dialect

import (
	"bytes"
	"errors"
	"fmt"
)

// maxIncludeDepth is how deep includes nest below the file asked for.
const maxIncludeDepth = 10

// includeCost is what an include costs of the memory that Parse may take, so
// that a file of nothing but includes comes to an end.
const includeCost = 1 << 10

// parseDirective takes a line that begins with "#", without it.
func (l *fileLoader) parseDirective(text []byte) error {
	// The word ends at a blank; where char is signed, also at a byte from
	// 0x80 on.
	end := bytes.IndexFunc(text, func(c rune) bool { return c <= ' ' || c >= 0x80 })
	word, argument := text, []byte(nil)
	if end >= 0 {
		word, argument = text[:end], trim(text[end+1:])
	}
	switch FoldName(string(word)) {
	case "include":
		return l.parseInclude(argument, false)
	case "tryinclude":
		return l.parseInclude(argument, true)
	case "exec":
		l.reportPartialf(FindingExec, "where asterisk.conf says execincludes = yes, Asterisk runs a program here and reads what it prints, which is not known to this program; otherwise it ignores the line")
	default:
		l.reportPartialf(FindingUnknownDirective, `Asterisk ignores a line that begins with "#" and is no include; a comment begins with ";", and a key with "\#"`)
	}
	return nil
}

func (l *fileLoader) parseInclude(argument []byte, try bool) error {
	if len(argument) == 0 {
		l.reportPartialf(FindingNoArgument, "the include names no file: Asterisk ignores it")
		return nil
	}
	if l.p.include == nil {
		l.reportPartialf(FindingIncludeNotFollowed, "the include is not followed here: what it holds is not known")
		return nil
	}
	return l.includeFiles(unquoteFile(string(argument)), try)
}

// includeFiles reads the files that an include names.
//
// A file that Asterisk stops reading does not count as missing. It also does
// not count as left: from then on one level less can be nested.
func (l *fileLoader) includeFiles(pattern string, try bool) error {
	p := l.p
	if p.depth > maxIncludeDepth {
		if try {
			l.reportPartialf(FindingIncludeDepth, "includes nest deeper than %d: Asterisk ignores this one", maxIncludeDepth)
			return nil
		}
		return l.reportInvalidf(FindingIncludeDepth, "includes nest deeper than %d", maxIncludeDepth)
	}
	if err := l.consume(0, includeCost); err != nil {
		return err
	}
	p.tree.Includes = append(p.tree.Includes, Include{Position: l.pos, Pattern: pattern})
	files, err := p.include(pattern)
	if errors.Is(err, errTooManyFiles) {
		l.reportFatalf(FindingTooLarge, "the include matches more files than this program reads: nothing from here on is known")
		return errHalted
	}
	if err != nil {
		return fmt.Errorf("%s:%d: include: %w", l.pos.File, l.pos.Line, err)
	}
	p.depth++
	n, err := p.loadFiles(files, false)
	if errors.Is(err, errRejected) {
		return nil
	}
	if err != nil {
		return err
	}
	p.depth--
	if n == 0 && !try {
		return l.reportInvalidf(FindingNoSuchFile, "no file matches the #include of %s; #tryinclude takes what there is", quoteName(pattern))
	}
	return nil
}

// unquoteFile takes "..." or <...> off the name of a file.
func unquoteFile(name string) string {
	closing := map[byte]byte{'"': '"', '<': '>'}[name[0]]
	if closing == 0 || name[len(name)-1] != closing {
		return name
	}
	if len(name) == 1 {
		return ""
	}
	return name[1 : len(name)-1]
}
