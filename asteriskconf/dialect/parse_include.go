package dialect

import (
	"bytes"
	"errors"
	"fmt"
)

// maxIncludeDepth is the deepest nesting of includes below the root file.
const maxIncludeDepth = 10

// includeCost is the memory charged for an include. It ends the parsing of a
// file that consists of includes only.
const includeCost = 1 << 10

// parseDirective parses a line that begins with "#", without the "#".
func (l *fileLoader) parseDirective(text []byte) error {
	// The word ends at a blank. If char is signed, it also ends at a byte from
	// 0x80.
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
		l.reportPartialf(FindingExec, "with execincludes = yes in asterisk.conf, Asterisk runs a program here and reads its output, which is unknown here; otherwise it ignores the line")
	default:
		l.reportPartialf(FindingUnknownDirective, `Asterisk ignores a line that begins with "#" and is not an include; start a comment with ";" and a key with "\#"`)
	}
	return nil
}

func (l *fileLoader) parseInclude(argument []byte, try bool) error {
	if len(argument) == 0 {
		l.reportPartialf(FindingNoArgument, "the include names no file; Asterisk ignores it")
		return nil
	}
	if l.p.include == nil {
		l.reportPartialf(FindingIncludeNotFollowed, "the include is not followed here; its content is unknown")
		return nil
	}
	return l.includeFiles(unquoteFile(string(argument)), try)
}

// includeFiles reads the files that an include names.
//
// A file that Asterisk stops reading does not count as missing. It also does
// not count as left: from then on includes nest one level less.
func (l *fileLoader) includeFiles(pattern string, try bool) error {
	p := l.p
	if p.depth > maxIncludeDepth {
		if try {
			l.reportPartialf(FindingIncludeDepth, "includes nest deeper than %d; Asterisk ignores this one", maxIncludeDepth)
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
		l.reportFatalf(FindingTooLarge, "the include matches more files than this program reads; everything from here on is unknown")
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
		return l.reportInvalidf(FindingNoSuchFile, "no file matches the #include of %s; use #tryinclude for an optional file", quoteName(pattern))
	}
	return nil
}

// unquoteFile strips "..." or <...> from a file name.
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
