package ami

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

var errConfigAnswer = errors.New("ami: cannot parse the answer to GetConfig")

// ReadConfig makes Asterisk parse a file of its configuration folder (write
// class system or config). It returns the sections as modules see them, without
// templates. It returns an [asteriskconf.RejectedError] if Asterisk cannot
// find, read or parse the file.
func (c *Client) ReadConfig(ctx context.Context, filename string) ([]dialect.Section, error) {
	answer, err := c.Do(ctx, Action{Name: "GetConfig", Headers: []Header{{Name: "Filename", Value: filename}}})
	if err != nil {
		return nil, toRejectedError("reading of "+filename, err)
	}
	return parseSections(answer)
}

// parseSections parses "Category-000000: name" and "Line-000000-000000:
// key=value". All lines share one allocation, and all texts are substrings of
// the message.
func parseSections(m Message) ([]dialect.Section, error) {
	sections := make([]dialect.Section, 0, strings.Count(m.text, "\nCategory-"))
	lines := make([]dialect.Line, 0, strings.Count(m.text, "\nLine-"))
	number, first := "", 0
	for header, value := range m.All() {
		if n, ok := strings.CutPrefix(header, "Category-"); ok {
			closeSection(sections, lines[first:])
			number, first = n, len(lines)
			sections = append(sections, dialect.Section{Name: value})
			continue
		}
		n, ok := strings.CutPrefix(header, "Line-")
		if !ok {
			continue
		}
		if len(n) <= len(number) || n[:len(number)] != number || n[len(number)] != '-' || number == "" {
			return nil, errConfigAnswer
		}
		lines = append(lines, cutLine(value))
	}
	closeSection(sections, lines[first:])
	return sections, nil
}

// closeSection sets the lines of the last section, without capacity to append
// to those of the next.
func closeSection(sections []dialect.Section, lines []dialect.Line) {
	if len(sections) > 0 && len(lines) > 0 {
		sections[len(sections)-1].Lines = slices.Clip(lines)
	}
}

// cutLine splits key=value. The first character belongs to the key even if it
// is "=": a file can escape one only there (process_text_line in
// main/config.c).
func cutLine(line string) dialect.Line {
	if line == "" {
		return dialect.Line{}
	}
	if i := strings.IndexByte(line[1:], '='); i >= 0 {
		return dialect.Line{Key: line[:i+1], Value: line[i+2:]}
	}
	key, value, _ := strings.Cut(line, "=")
	return dialect.Line{Key: key, Value: value}
}
