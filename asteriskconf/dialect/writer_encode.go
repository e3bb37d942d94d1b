package dialect

import (
	"io"
	"strings"

	"github.com/go-ini/ini"
)

// batch is a series of sections that go-ini encodes together. go-ini knows
// nothing of Asterisk, so it receives escaped text. Sections that it would
// change are passed as raw sections with a finished body.
type batch struct {
	file     *ini.File
	sections int
	bytes    int
	// flushed reports whether an earlier batch was written.
	flushed bool
}

// newINIFile returns an empty file with options that make go-ini write keys and
// values unchanged.
func newINIFile() *ini.File {
	equals := "="
	if !ini.PrettyFormat && !ini.PrettyEqual {
		// The embedding program has disabled the blanks that go-ini writes
		// around the equals sign.
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
		// The embedding program makes go-ini write a header for the empty
		// section at the start of every file.
		f.DeleteSection("")
	}
	return f
}

// add adds a checked section. go-ini fails for empty names and keys only.
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

// flush writes the sections and resets the batch.
func (b *batch) flush(w io.Writer) error {
	if b.file == nil {
		return nil
	}
	if b.flushed {
		// go-ini writes an empty line between sections, but not after the last.
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
	}
	_, err := b.file.WriteTo(w)
	*b = batch{flushed: true}
	return err
}

// maxVerbatimLines is the number of lines up to which go-ini is not slower than
// a raw section: it compares every new key with all others.
const maxVerbatimLines = 32

// isVerbatim reports whether go-ini writes the lines unchanged. go-ini groups
// repeated keys, quotes certain values and keys, and pads keys to the longest.
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

// isVerbatimValue rejects the backtick and Unicode blanks at the ends, which make
// go-ini quote the value.
func isVerbatimValue(value string) bool {
	return strings.IndexByte(value, '`') < 0 && len(strings.TrimSpace(value)) == len(value)
}

// rawBody returns the lines as they appear in a file.
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

// escapeSemicolons applies the only escape that names and values need.
func escapeSemicolons(text string) string {
	if strings.IndexByte(text, ';') < 0 {
		return text
	}
	return strings.ReplaceAll(text, ";", `\;`)
}

// escapeKey escapes a key that would otherwise read as a header, a directive or
// an escape.
func escapeKey(key string) string {
	escaped := escapeSemicolons(key)
	switch key[0] {
	case '[', '#', '=', '\\':
		return `\` + escaped
	}
	return escaped
}
