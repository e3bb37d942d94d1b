package dialect

import "bytes"

// parseAssignment parses a line "key = value", "key => value" or "key +=
// value".
func (l *fileLoader) parseAssignment(text []byte) error {
	if l.section == nil {
		return l.reportInvalidf(FindingNoSection, "the line is before the first section")
	}
	first := 0
	if text[0] == '\\' {
		// The backslash makes the first character of a key literal. If char is
		// signed, bytes from 0x80 are below 33 too.
		text, first = text[1:], 1
		if len(text) == 0 || text[0] <= ' ' || text[0] >= 0x80 {
			return l.reportInvalidf(FindingInvalidEscape, "the backslash at the start of the line must precede an ASCII character; double it")
		}
	}
	equals := bytes.IndexByte(text[first:], '=')
	if equals < 0 {
		l.reportPartialf(FindingNoEquals, `the line has no "="; Asterisk ignores it`)
		return nil
	}
	equals += first
	if equals > first && text[equals-1] == '+' {
		return l.appendValue(trim(text[:equals-1]), text[equals+1:])
	}
	value := text[equals+1:]
	if len(value) > 0 && value[0] == '>' {
		value = value[1:]
	}
	return l.addLine(trim(text[:equals]), trim(value))
}

// addLine appends a line to the section.
func (l *fileLoader) addLine(key, value []byte) error {
	if len(key) == 0 {
		l.reportPartialf(FindingNoKey, `the line has no key before "="; Asterisk ignores it`)
		return nil
	}
	cost := len(value)
	if len(l.section.lines) >= initialLineCap {
		cost += lineCost
	}
	if err := l.consume(0, cost); err != nil {
		return err
	}
	if l.classes&classControl != 0 && (classesOf(key)|classesOf(value))&classControl != 0 {
		l.reportf(FindingControlCharacter, "the line contains a control character; Asterisk passes it on and the module may misread it")
	}
	l.section.append(Line{Key: l.p.arena.internKey(key), Value: l.p.arena.copyText(value)}, l.pos)
	return nil
}

// appendValue appends text to the last line of a key, or adds a line if there
// is none.
//
// Asterisk finds that line by its exact key. It then changes the first line
// with the same key and value, ignoring case. If the value is empty, it changes
// the first line with the key.
func (l *fileLoader) appendValue(key, text []byte) error {
	c := l.section
	same := c.lineIndexes(string(key))
	last := len(same) - 1
	for last >= 0 && c.lines[same[last]].Key != string(key) {
		last--
	}
	if last < 0 {
		return l.addLine(key, trim(text))
	}
	old := c.lines[same[last]]
	if err := l.consume(0, len(same)*16+len(old.Value)+len(text)); err != nil {
		return err
	}
	target := 0
	for old.Value != "" && !equalFold(c.lines[same[target]].Value, old.Value) {
		target++
	}
	if target != last {
		l.reportf(FindingAppendOtherLine, "Asterisk appends to the line of %s with the same value at line %d, not to the last one", quoteName(old.Key), c.positions[same[target]].Line)
	}
	value := trim(append([]byte(old.Value), text...))
	c.lines[same[target]] = Line{Key: old.Key, Value: string(value)}
	return nil
}
