package asteriskconf

import "bytes"

// assignment takes a line "key = value", "key => value" or "key += value".
func (l *load) assignment(text []byte) error {
	if l.section == nil {
		return l.rejectf(FindingNoSection, "the line stands before the first section")
	}
	first := 0
	if text[0] == '\\' {
		// The backslash makes the first character of a key ordinary. Where
		// char is signed, bytes from 0x80 on are below 33 too.
		text, first = text[1:], 1
		if len(text) == 0 || text[0] <= ' ' || text[0] >= 0x80 {
			return l.rejectf(FindingInvalidEscape, "the backslash at the beginning of the line is followed by no ASCII character; write it twice")
		}
	}
	equals := bytes.IndexByte(text[first:], '=')
	if equals < 0 {
		l.lostf(FindingNoEquals, `the line has no "=": Asterisk ignores it`)
		return nil
	}
	equals += first
	if equals > first && text[equals-1] == '+' {
		return l.extend(trim(text[:equals-1]), text[equals+1:])
	}
	value := text[equals+1:]
	if len(value) > 0 && value[0] == '>' {
		value = value[1:]
	}
	return l.set(trim(text[:equals]), trim(value))
}

// set appends a line to the section.
func (l *load) set(key, value []byte) error {
	if len(key) == 0 {
		l.lostf(FindingNoKey, `the line has nothing before its "=": Asterisk ignores it`)
		return nil
	}
	cost := len(value)
	if len(l.section.lines) >= usualLines {
		cost += lineCost
	}
	if err := l.spend(0, cost); err != nil {
		return err
	}
	if l.traits&control != 0 && (traitsOf(key)|traitsOf(value))&control != 0 {
		l.notef(FindingControlCharacter, "the line holds a control character, which Asterisk keeps; what the module makes of it is uncertain")
	}
	l.section.append(Line{Key: l.p.slab.key(key), Value: l.p.slab.text(value)}, l.at)
	return nil
}

// extend appends text to the last line of a key, where there is one.
//
// Asterisk finds that line by its exact key, but then changes the first line
// that has this key and its value, both without regard to case; and if the
// value is empty, the first line that has this key.
func (l *load) extend(key, text []byte) error {
	c := l.section
	same := c.withKey(string(key))
	last := len(same) - 1
	for last >= 0 && c.lines[same[last]].Key != string(key) {
		last--
	}
	if last < 0 {
		return l.set(key, trim(text))
	}
	old := c.lines[same[last]]
	if err := l.spend(0, len(same)*16+len(old.Value)+len(text)); err != nil {
		return err
	}
	target := 0
	for old.Value != "" && !equalFold(c.lines[same[target]].Value, old.Value) {
		target++
	}
	if target != last {
		l.notef(FindingAppendElsewhere, "Asterisk puts the result into the line of %s with the same beginning in line %d, not into the last one", shown(old.Key), c.places[same[target]].Line)
	}
	value := trim(append([]byte(old.Value), text...))
	c.lines[same[target]] = Line{Key: old.Key, Value: string(value)}
	return nil
}
