package dialect

import "bytes"

// maxCommentDepth is how deep block comments nest in Asterisk.
const maxCommentDepth = 128

// commentStripper is the state of block comments between two lines.
type commentStripper struct {
	// depth is Asterisk's counter. Below zero, after an end without a
	// beginning, it swallows text like any other value but zero.
	depth int
	// start is where the outermost open block begins.
	start Position
	buf   []byte
}

// strip returns what is left of a line without its comments, with escaped
// semicolons resolved; nothing when all of it is comment.
//
// A semicolon is looked at in this order: behind a backslash it is a
// character; ";--" without a third dash begins a block, also inside a block;
// "--;" ends one, also where none is open; any other begins a comment that
// runs to the end of the line, but not inside a block. Dashes and backslashes
// of an earlier semicolon do not count again.
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

// isBlockStart reports whether a semicolon before after begins a block.
func isBlockStart(after []byte) bool {
	return len(after) >= 2 && after[0] == '-' && after[1] == '-' && (len(after) == 2 || after[2] != '-')
}

func (c *commentStripper) write(enabled bool, text []byte) {
	if enabled {
		c.buf = append(c.buf, text...)
	}
}

// beginBlock counts the beginning of a block.
func (c *commentStripper) beginBlock(l *fileLoader) error {
	if c.depth >= maxCommentDepth {
		l.reportFatalf(FindingCommentDepth, "block comments nest deeper than %d: Asterisk loops here for ever; end them with --;", maxCommentDepth)
		return errHalted
	}
	if c.depth == 0 {
		c.start = l.pos
	}
	c.depth++
	return nil
}

// reportStrayEnd reports an end without a beginning.
func (c *commentStripper) reportStrayEnd(l *fileLoader) {
	if c.depth == -1 {
		l.reportPartialf(FindingStrayCommentEnd, `"--;" ends a block comment that never began: Asterisk ignores every line after this one; write "--\;"`)
	}
}
