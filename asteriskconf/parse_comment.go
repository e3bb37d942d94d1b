package asteriskconf

import "bytes"

// maxCommentDepth is how deep block comments nest in Asterisk.
const maxCommentDepth = 128

// comment is the state of block comments between two lines.
type comment struct {
	// depth is Asterisk's counter. Below zero, after an end without a
	// beginning, it swallows text like any other value but zero.
	depth int
	// since is where the outermost open block begins.
	since Position
	text  []byte
}

// strip returns what is left of a line without its comments, with escaped
// semicolons resolved; nothing when all of it is comment.
//
// A semicolon is looked at in this order: behind a backslash it is a
// character; ";--" without a third dash begins a block, also inside a block;
// "--;" ends one, also where none is open; any other begins a comment that
// runs to the end of the line, but not inside a block. Dashes and backslashes
// of an earlier semicolon do not count again.
func (c *comment) strip(line []byte, l *load) ([]byte, error) {
	if l.traits&semicolon == 0 {
		if c.depth != 0 {
			return nil, nil
		}
		return line, nil
	}
	c.text = c.text[:0]
	keep := c.depth == 0
	for {
		i := bytes.IndexByte(line, ';')
		if i < 0 {
			c.keep(keep, line)
			return c.text, nil
		}
		before, after := line[:i], line[i+1:]
		switch {
		case bytes.HasSuffix(before, []byte(`\`)):
			c.keep(keep, before[:i-1])
			c.keep(keep, line[i:i+1])
			line = after
		case beginsBlock(after):
			c.keep(keep, before)
			if err := c.enter(l); err != nil {
				return nil, err
			}
			keep, line = false, after[2:]
		case bytes.HasSuffix(before, []byte("--")):
			c.depth--
			if c.depth == 0 {
				keep = true
			} else {
				c.keep(keep, line[:i+1])
			}
			c.stray(l)
			line = after
		case c.depth == 0:
			c.keep(keep, before)
			return c.text, nil
		default:
			c.keep(keep, line[:i+1])
			line = after
		}
	}
}

// beginsBlock reports whether a semicolon before after begins a block.
func beginsBlock(after []byte) bool {
	return len(after) >= 2 && after[0] == '-' && after[1] == '-' && (len(after) == 2 || after[2] != '-')
}

func (c *comment) keep(keep bool, text []byte) {
	if keep {
		c.text = append(c.text, text...)
	}
}

// enter counts the beginning of a block.
func (c *comment) enter(l *load) error {
	if c.depth >= maxCommentDepth {
		l.haltf(FindingCommentDepth, "block comments nest deeper than %d: Asterisk loops here for ever; end them with --;", maxCommentDepth)
		return errHalted
	}
	if c.depth == 0 {
		c.since = l.at
	}
	c.depth++
	return nil
}

// stray reports an end without a beginning.
func (c *comment) stray(l *load) {
	if c.depth == -1 {
		l.lostf(FindingStrayCommentEnd, `"--;" ends a block comment that never began: Asterisk ignores every line after this one; write "--\;"`)
	}
}
