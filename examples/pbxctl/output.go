package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// print prints value as JSON, or what text returns.
func (a *cli) print(value any, text func() string) error {
	if !a.json {
		return a.write(text())
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

// write fails where nobody reads, or nothing can be written: what was asked for
// has been done by then.
func (a *cli) write(text string) error {
	if _, err := io.WriteString(a.stdout, escapeControl(text)); err != nil {
		return fmt.Errorf("done, and the result could not be shown: %w", err)
	}
	return nil
}

// printProgress shows people what has been done so far; JSON is one document, at the
// end.
func (a *cli) printProgress(text string) {
	if !a.json {
		_, _ = io.WriteString(a.stdout, escapeControl(text))
	}
}

// escapeControl spells out, as JSON does, what a terminal would obey instead of
// show: control characters, and those that reorder text. They may stand in a
// record that another program made, or in a file written by hand.
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

// cell is a value in a table: one line, and a dash for nothing.
func cell(value any) string {
	text := escapeControl(strings.NewReplacer("\n", " ", "\t", " ").Replace(fmt.Sprint(value)))
	if text == "" {
		return "-"
	}
	return text
}

// moreText says how to go on with a list.
func moreText(next string) string {
	if next == "" {
		return ""
	}
	return fmt.Sprintf("More: --after %s\n", cell(next))
}
