package dialect

import (
	"io"
	"strings"

	"github.com/go-ini/ini"
)

// batch is a run of sections that go-ini encodes at once. go-ini knows
// nothing of Asterisk: what it is given is escaped, and what it would write
// otherwise than given reaches it as the ready body of a raw section.
type batch struct {
	file     *ini.File
	sections int
	bytes    int
	// flushed says that a batch was written before.
	flushed bool
}

// newINIFile returns an empty file with options under which go-ini writes keys
// and values as they are.
func newINIFile() *ini.File {
	equals := "="
	if !ini.PrettyFormat && !ini.PrettyEqual {
		// The program that embeds this module has turned off the blanks that
		// go-ini puts around the sign.
		equals = keyValueSeparator
	}
	f := ini.Empty(ini.LoadOptions{
		AllowNonUniqueSections:   true,
		IgnoreInlineComment:      true,
		IgnoreContinuation:       true,
		PreserveSurroundedQuote:  true,
		KeyValueDelimiters:       "=",
		KeyValueDelimiterOnWrite: equals,
		ChildSectionDelimiter:    "\x00",
	})
	f.BlockMode = false
	if ini.DefaultHeader {
		// The embedding program has go-ini write a header for the empty
		// section that every file begins with.
		f.DeleteSection("")
	}
	return f
}

// add takes a section that was checked. go-ini fails for empty names and keys
// alone.
func (b *batch) add(s *Section, c sectionInfo, comment []string) {
	if b.file == nil {
		b.file = newINIFile()
	}
	name := escapeSemicolons(s.Name)
	var section *ini.Section
	if isVerbatim(s.Lines, c.simple) {
		section, _ = b.file.NewSection(name)
		for i := range s.Lines {
			_, _ = section.NewKey(escapeKey(s.Lines[i].Key), escapeSemicolons(s.Lines[i].Value))
		}
	} else {
		section, _ = b.file.NewRawSection(name, rawBody(s.Lines))
	}
	section.Comment = strings.Join(comment, ini.LineBreak)
	b.sections++
	b.bytes += c.size
}

// flush writes the sections and forgets them.
func (b *batch) flush(w io.Writer) error {
	if b.file == nil {
		return nil
	}
	if b.flushed {
		// go-ini puts an empty line between sections, but not after the last.
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
	}
	_, err := b.file.WriteTo(w)
	*b = batch{flushed: true}
	return err
}

// maxVerbatimLines is up to how many lines go-ini is not slower than a raw section:
// it compares every new key with all others.
const maxVerbatimLines = 32

// isVerbatim reports whether go-ini writes the lines as they are. It groups
// repeated keys, wraps values and keys with certain characters in quotes of
// its own, and pads keys to the length of the longest.
func isVerbatim(lines []Line, simple bool) bool {
	if len(lines) > maxVerbatimLines {
		return false
	}
	longestKey, longestValue := 0, 0
	for i := range lines {
		l := &lines[i]
		if !simple && (!isVerbatimKey(l.Key) || !isVerbatimValue(l.Value)) {
			return false
		}
		for j := range i {
			if lines[j].Key == l.Key {
				return false
			}
		}
		longestKey = max(longestKey, len(l.Key))
		longestValue = max(longestValue, len(l.Value))
	}
	return 2*(longestKey+longestValue)+len(`\ = `) <= maxLine
}

func isVerbatimKey(key string) bool {
	return key[0] != '=' && strings.IndexByte(key, '"') < 0 && strings.IndexByte(key, '`') < 0
}

// isVerbatimValue refuses the backtick, and Unicode blanks at the ends, of which
// go-ini would make a quoted value.
func isVerbatimValue(value string) bool {
	return strings.IndexByte(value, '`') < 0 && len(strings.TrimSpace(value)) == len(value)
}

// rawBody returns lines as they stand in a file.
func rawBody(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(escapeKey(l.Key))
		b.WriteString(keyValueSeparator)
		b.WriteString(escapeSemicolons(l.Value))
		b.WriteByte('\n')
	}
	return b.String()
}

// escapeSemicolons is all that names and values need.
func escapeSemicolons(text string) string {
	if strings.IndexByte(text, ';') < 0 {
		return text
	}
	return strings.ReplaceAll(text, ";", `\;`)
}

// escapeKey keeps a key from being taken for a header, a directive or an
// escape.
func escapeKey(key string) string {
	escaped := escapeSemicolons(key)
	switch key[0] {
	case '[', '#', '=', '\\':
		return `\` + escaped
	}
	return escaped
}
