package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
)

// printRecord prints a record and what was done, unless err says that there is
// none.
func (n *noun[R]) printRecord(s *app.App, result resource.Result[R], err error, footer string) error {
	if err != nil {
		return err
	}
	return n.printView(s, result, n.declare(s).View(result), footer)
}

// printView prints a record: view as JSON, and its fields as rows of text.
func (n *noun[R]) printView(s *app.App, result resource.Result[R], view any, footer string, notes ...string) error {
	t := n.declare(s)
	rows, err := n.rows(t, result)
	if err != nil {
		return err
	}
	if n.notes != nil {
		notes = append(notes, n.notes(result.Record)...)
	}
	if footer != "" {
		notes = append(notes, footer)
	}
	err = n.print(view, tableText(rows)+strings.Join(append(notes, ""), "\n"))
	if err != nil && (!result.Secret.IsZero() || result.Link != nil) {
		return app.WithHint(err, n.lost(t.KeyOf(result.Record)))
	}
	return err
}

// shownOnce marks a secret in text.
const shownOnce = "   (shown only once)"

// rows returns the fields of a record as text, its key and what is shown only once
// first.
func (n *noun[R]) rows(t *resource.Type[R], result resource.Result[R]) ([][]any, error) {
	rows := [][]any{{t.Key, t.KeyOf(result.Record)}}
	switch {
	case result.Link != nil:
		rows = append(rows, []any{"secret", result.Link.Token + shownOnce})
		if strings.Contains(result.Link.URL, "://") {
			rows = append(rows, []any{"link", result.Link.URL})
		}
	case !result.Secret.IsZero() && t.Secret == nil:
		rows = append(rows, []any{"key", result.Secret.Reveal() + shownOnce})
	case !result.Secret.IsZero():
		rows = append(rows, []any{"secret", result.Secret.Reveal() + shownOnce})
	}
	members, err := membersOf(t.View(resource.Result[R]{Record: result.Record, Owner: result.Owner}))
	for _, m := range members {
		if m.name == t.Key || m.name == "warnings" {
			continue
		}
		for _, text := range n.texts(m, result.Record) {
			rows = append(rows, []any{m.name, text})
		}
	}
	return rows, err
}

// texts returns a field as text, one text for each row.
func (n *noun[R]) texts(m member, record *R) []string {
	texts := []string{m.text()}
	if text := n.text[m.name]; text != nil {
		texts = text(record)
	}
	if empty := strings.Join(texts, "") == ""; empty && slices.Contains(n.unlimited, m.name) {
		return []string{"all"}
	} else if empty {
		return []string{""}
	}
	return texts
}

// member is a member of a JSON object.
type member struct {
	name  string
	value any
}

// membersOf returns the members of a value as JSON, in their order.
func membersOf(value any) ([]member, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var members []member
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: fmt.Sprint(name)}
		if err := decoder.Decode(&m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// text is the value as text: a list separated by commas, a time in the time zone
// of this host.
func (m member) text() string {
	switch value := m.value.(type) {
	case nil:
		return ""
	case []any:
		return strings.Join(convert(value, func(item any) string { return fmt.Sprint(item) }), ",")
	case string:
		if t, err := time.Parse(time.RFC3339Nano, value); err == nil && strings.HasSuffix(m.name, "_at") {
			return localTime(t)
		}
	}
	return fmt.Sprint(m.value)
}

// localTime is a time in the time zone of this host; empty for the zero time.
func localTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) //nolint:gosmopolitan // the user is at this host
}

// tableText aligns cells in columns.
func tableText(rows [][]any) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(convert(row, cell), "\t"))
	}
	_ = w.Flush()
	return b.String()
}

// tableOf is a table with titles, and a row for each item.
func tableOf[T any](items []T, row func(T) []any, titles ...any) string {
	rows := [][]any{titles}
	for _, item := range items {
		rows = append(rows, row(item))
	}
	return tableText(rows)
}

// convert returns what of returns for each item.
func convert[T, R any](items []T, of func(T) R) []R {
	converted := make([]R, len(items))
	for i, item := range items {
		converted[i] = of(item)
	}
	return converted
}

// cell is a value in a table: one line, and a dash for nothing.
func cell(value any) string {
	text := fmt.Sprint(value)
	switch value := value.(type) {
	case time.Time:
		text = localTime(value)
	case []string:
		text = strings.Join(value, ",")
	}
	text = escapeControl(strings.NewReplacer("\n", " ", "\t", " ").Replace(text))
	return cmp.Or(text, "-")
}

// listText is a page of records as text.
func (n *noun[R]) listText(t *resource.Type[R], page *store.Page[resource.Result[R]], columns []string) (string, error) {
	titles := make([]any, len(columns))
	for i, name := range columns {
		name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "has_"), "default_"), "_at")
		titles[i] = strings.ToUpper(strings.ReplaceAll(name, "_", " "))
	}
	rows := [][]any{titles}
	for _, result := range page.Items {
		members, err := membersOf(t.View(result))
		if err != nil {
			return "", err
		}
		row := make([]any, len(columns))
		for i, name := range columns {
			m := member{name: name}
			if at := slices.IndexFunc(members, func(m member) bool { return m.name == name }); at >= 0 {
				m = members[at]
			}
			row[i] = strings.Join(n.texts(m, result.Record), ",")
		}
		rows = append(rows, row)
	}
	return tableText(rows) + moreText(page.Next), nil
}

// moreText says how to continue a list.
func moreText(next string) string {
	if next == "" {
		return ""
	}
	return fmt.Sprintf("More: --after %s\n", cell(next))
}

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

// printResult prints the result of a service as JSON or text, unless err says that there
// is none.
func printResult[R any](a *cli, result R, err error, text func(R) string) error {
	if err != nil {
		return err
	}
	return a.print(result, text(result))
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
// file that an administrator wrote may contain them.
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
