package dialect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// maxLine is the longest line that Asterisk reads, without its newline. Its
// buffer has 8192 bytes, of which newline and NUL take two.
const maxLine = 8190

// byteOrderMark is skipped at the start of a file.
const byteOrderMark = "\xef\xbb\xbf"

// fileLoader reads all files that one include matches. Sections and block
// comments continue from one file to the next.
type fileLoader struct {
	p *parser
	// root reports whether this is the root file.
	root bool
	// section receives the lines. It is nil before the first header.
	section *category
	comment commentStripper
	// started reports whether a line was read. A byte order mark is skipped in
	// the first line only.
	started bool
	pos     Position
	// classes are the byte classes of the current line, without its newline.
	classes charClass
}

// loadFiles reads the files in order and returns their number.
func (p *parser) loadFiles(files []IncludedFile, top bool) (int, error) {
	l := &fileLoader{p: p, root: top, section: p.current}
	n := 0
	for _, f := range files {
		r, err := f.Open()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return n, err
		}
		n++
		l.pos = Position{File: f.Name}
		err = l.readFile(r)
		if closeErr := r.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// readFile reads one file.
func (l *fileLoader) readFile(r io.Reader) error {
	if err := l.countFile(); err != nil {
		return err
	}
	lines := lineReader{r: bufio.NewReaderSize(r, maxLine+1)}
	for {
		line, err := lines.next()
		l.pos.Line = lines.line
		if len(line) == 0 {
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("%s: %w", l.pos.File, err)
			}
		}
		if err := l.parseLine(line, &lines); err != nil {
			return err
		}
	}
	// Asterisk also counts a line after the last newline, so it looks for the
	// mark only in the very first line of the very first file.
	l.started = true
	if l.comment.depth > 0 {
		l.pos = l.comment.start
		l.reportPartialf(FindingUnterminatedComment, "the block comment that starts here is not closed; Asterisk ignores the rest of the file; close it with --;")
	}
	return nil
}

// countFile adds the file to the tree and enforces maxFiles.
func (l *fileLoader) countFile() error {
	p := l.p
	if !p.seen[l.pos.File] {
		p.seen[l.pos.File] = true
		p.tree.Files = append(p.tree.Files, l.pos.File)
	}
	return l.consume(0, 1<<10)
}

// parseLine parses one piece of the file, up to and including its newline.
func (l *fileLoader) parseLine(line []byte, rest *lineReader) error {
	if err := l.consume(len(line), 0); err != nil {
		return err
	}
	if len(line) == maxLine+1 && line[maxLine] != '\n' && bytes.IndexByte(line, 0) < 0 {
		l.reportPartialf(FindingLineTooLong, "the line is longer than %d bytes; Asterisk ignores it", maxLine)
		l.started = true
		return l.skipLine(rest)
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	l.classes = classesOf(line)
	if l.classes&classControl != 0 {
		line = l.cutAtNUL(line)
	}
	line = l.skipByteOrderMark(line)
	text, err := l.comment.strip(line, l)
	if err != nil {
		return err
	}
	if text = trim(text); len(text) == 0 {
		return nil
	}
	return l.parseStatement(text)
}

// cutAtNUL cuts the line at its first NUL, where a C string ends.
func (l *fileLoader) cutAtNUL(line []byte) []byte {
	line, _, cut := bytes.Cut(line, []byte{0})
	if cut {
		l.reportPartialf(FindingNUL, "the line contains a NUL byte; Asterisk ignores the rest of the line; the file is damaged, write it again")
	}
	return line
}

// skipLine reads to the end of a line that is too long. Asterisk treats a piece
// with a NUL as the last one, and the next piece as a new line.
func (l *fileLoader) skipLine(rest *lineReader) error {
	for {
		line, err := rest.next()
		if len(line) == 0 {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("%s: %w", l.pos.File, err)
		}
		if err := l.consume(len(line), 0); err != nil {
			return err
		}
		if len(line) <= maxLine || line[maxLine] == '\n' || bytes.IndexByte(line, 0) >= 0 {
			return nil
		}
	}
}

// skipByteOrderMark skips the byte order mark of the first line.
func (l *fileLoader) skipByteOrderMark(line []byte) []byte {
	first := !l.started
	l.started = true
	if !bytes.HasPrefix(line, []byte(byteOrderMark)) {
		return line
	}
	if first {
		return line[len(byteOrderMark):]
	}
	if l.pos.Line == 1 {
		l.reportPartialf(FindingByteOrderMark, "the file begins with a byte order mark, which Asterisk skips only in the first file that an include matches; save it without the mark")
	}
	return line
}

// parseStatement parses one line without comments and surrounding blanks.
func (l *fileLoader) parseStatement(text []byte) error {
	switch text[0] {
	case '[':
		return l.parseHeader(text[1:])
	case '#':
		return l.parseDirective(text[1:])
	}
	return l.parseAssignment(text)
}

// consume charges bytes read and memory used. It ends the parsing when either
// limit is exceeded.
func (l *fileLoader) consume(read, memory int) error {
	p := l.p
	p.bytesLeft -= int64(read)
	p.memoryLeft -= int64(memory)
	if p.bytesLeft >= 0 && p.memoryLeft >= 0 && len(p.tree.Files) <= maxFiles {
		return nil
	}
	l.reportFatalf(FindingTooLarge, "the configuration exceeds the size limit; everything from here on is unknown; split it or raise the limit")
	return errHalted
}

// reportPartialf reports something that Asterisk drops.
func (l *fileLoader) reportPartialf(code, format string, args ...any) {
	l.p.report(Finding{File: l.pos.File, Line: l.pos.Line, Code: code, Partial: true, Message: fmt.Sprintf(format, args...)})
}

// reportf reports something that Asterisk accepts, but perhaps not as intended.
func (l *fileLoader) reportf(code, format string, args ...any) {
	l.p.report(Finding{File: l.pos.File, Line: l.pos.Line, Code: code, Message: fmt.Sprintf(format, args...)})
}

// reportInvalidf reports that Asterisk stops reading this file here. Asterisk
// then drops the whole root file, but keeps an included file up to this line.
func (l *fileLoader) reportInvalidf(code, format string, args ...any) error {
	f := Finding{File: l.pos.File, Line: l.pos.Line, Code: code, Invalid: l.root, Partial: !l.root}
	f.Message = fmt.Sprintf(format, args...)
	if l.root {
		f.Message += "; Asterisk rejects the whole file"
	} else {
		f.Message += "; Asterisk ignores the rest of this file, continues after the include, and reports success"
	}
	l.p.report(f)
	return errRejected
}

// reportFatalf reports a finding that makes further reading pointless.
func (l *fileLoader) reportFatalf(code, format string, args ...any) {
	l.p.report(Finding{File: l.pos.File, Line: l.pos.Line, Code: code, Invalid: true, Message: fmt.Sprintf(format, args...)})
}

// lineReader cuts a file into pieces as fgets does with Asterisk's buffer: up
// to and including the next newline, but at most 8191 bytes.
type lineReader struct {
	r *bufio.Reader
	// line is the line number of the last piece.
	line int
	// midLine reports whether the last piece ended before a newline.
	midLine bool
}

// next returns the next piece. The caller may overwrite it, and it is valid
// until the next call. It is empty if next returns an error.
func (lr *lineReader) next() ([]byte, error) {
	piece, err := lr.r.ReadSlice('\n')
	if len(piece) == 0 {
		return nil, err
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	if !lr.midLine {
		lr.line++
	}
	lr.midLine = piece[len(piece)-1] != '\n'
	return piece, nil
}

// trim removes the bytes 0x01 to 0x20 from both ends. NUL cannot occur.
func trim(text []byte) []byte { return trimLeft(trimRight(text)) }

func trimLeft(text []byte) []byte {
	for len(text) > 0 && text[0] <= ' ' {
		text = text[1:]
	}
	return text
}

func trimRight(text []byte) []byte {
	for len(text) > 0 && text[len(text)-1] <= ' ' {
		text = text[:len(text)-1]
	}
	return text
}
