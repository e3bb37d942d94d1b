package dialect

import "bytes"

// maxCommentDepth is the deepest nesting of block comments in Asterisk.
const maxCommentDepth = 128

// commentStripper is the state of block comments between two lines.
type commentStripper struct {
	// depth is Asterisk's counter. A block end without a start makes it
	// negative, and Asterisk then drops text as for any other nonzero value.
	depth int
	// start is the position of the outermost open block.
	start Position
	buf   []byte
}

// strip returns a line without its comments and with escaped semicolons
// resolved. It returns nothing if the whole line is a comment.
//
// The rules for a semicolon, in this order: after a backslash it is literal;
// ";--" without a third dash starts a block, also inside a block; "--;" ends
// one, also if none is open; any other starts a comment to the end of the line,
// except inside a block. The dashes and backslashes of an earlier semicolon do
// not count again.
func (c *commentStripper) strip(line []byte, loader *fileLoader) ([]byte, error) {
	if loader.classes&classSemicolon == 0 {
		if c.depth != 0 {
			return nil, nil
		}
		return line, nil
	}
	c.buf = c.buf[:0]
	outside := c.depth == 0
	for {
		i := bytes.IndexByte(line, ';')
		if i < 0 {
			c.write(outside, line)
			return c.buf, nil
		}
		before, after := line[:i], line[i+1:]
		switch {
		case bytes.HasSuffix(before, []byte(`\`)):
			c.write(outside, before[:i-1])
			c.write(outside, line[i:i+1])
			line = after
		case isBlockStart(after):
			c.write(outside, before)
			if err := c.beginBlock(loader); err != nil {
				return nil, err
			}
			outside, line = false, after[2:]
		case bytes.HasSuffix(before, []byte("--")):
			c.depth--
			if c.depth == 0 {
				outside = true
			} else {
				c.write(outside, line[:i+1])
			}
			c.reportStrayEnd(loader)
			line = after
		case c.depth == 0:
			c.write(outside, before)
			return c.buf, nil
		default:
			c.write(outside, line[:i+1])
			line = after
		}
	}
}

// isBlockStart reports whether a semicolon followed by after starts a block.
func isBlockStart(after []byte) bool {
	return len(after) >= 2 && after[0] == '-' && after[1] == '-' && (len(after) == 2 || after[2] != '-')
}

func (c *commentStripper) write(enabled bool, text []byte) {
	if enabled {
		c.buf = append(c.buf, text...)
	}
}

// beginBlock counts the start of a block.
func (c *commentStripper) beginBlock(l *fileLoader) error {
	if c.depth >= maxCommentDepth {
		l.reportFatalf(FindingCommentDepth, "block comments nest deeper than %d; Asterisk loops here forever; close them with --;", maxCommentDepth)
		return errHalted
	}
	if c.depth == 0 {
		c.start = l.pos
	}
	c.depth++
	return nil
}

// reportStrayEnd reports a block end without a start.
func (c *commentStripper) reportStrayEnd(l *fileLoader) {
	if c.depth == -1 {
		l.reportPartialf(FindingStrayCommentEnd, `"--;" closes a block comment that was not opened; Asterisk ignores every line after this one; write "--\;"`)
	}
}
