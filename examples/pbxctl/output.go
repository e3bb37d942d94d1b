package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// print prints value as JSON, or else as text.
func (a *cli) print(value any, text string) error {
	if !a.json {
		return a.write(text)
	}
	var document bytes.Buffer
	encoder := json.NewEncoder(&document)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	return a.write(document.String())
}

// write fails if the output is closed or full. The command has done its work by
// then.
func (a *cli) write(text string) error {
	if _, err := io.WriteString(a.stdout, escapeControl(text)); err != nil {
		return fmt.Errorf("done, but the result could not be printed: %w", err)
	}
	return nil
}

// printProgress prints intermediate results as text. JSON is one document, at the
// end.
func (a *cli) printProgress(text string) {
	if !a.json {
		_, _ = io.WriteString(a.stdout, escapeControl(text))
	}
}

// escapeControl escapes, as JSON does, the control characters that a terminal
// obeys and the characters that reorder text. A record of another program or a
// file written by hand may contain them.
func escapeControl(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			_, _ = fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		_, _ = b.WriteRune(r)
	}
	return b.String()
}
