package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pbxusers/pbxusers/userman/permission"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// view is a record to be printed: as JSON, or as rows of text.
type view interface {
	// rows returns labels and values.
	rows() [][]any
	// notes returns lines to print below the rows.
	notes() []string
	// lostHint returns what to do if the view could not be printed and holds a
	// secret that is shown only once; empty if it holds none.
	lostHint() string
}

// shownOnce marks a secret in text.
const shownOnce = "   (shown only once)"

// printView prints a record, and what was done.
func (a *cli) printView(v view, footer string) error {
	err := a.print(v, func() string {
		lines := slices.Concat(v.notes(), []string{footer})
		lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
		return tableText(v.rows()) + strings.Join(append(lines, ""), "\n")
	})
	if hint := v.lostHint(); err != nil && hint != "" {
		return app.WithHint(err, hint)
	}
	return err
}

// tableText aligns cells in columns.
func tableText(rows [][]any) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = cell(value)
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush()
	return b.String()
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

// fieldRows returns the rows of the plain fields, but for those named in without.
func fieldRows[T any](table *field.Table[T], record *T, without ...string) [][]any {
	var rows [][]any
	for _, f := range table.Fields() {
		if !slices.Contains(without, f.Name) {
			rows = append(rows, []any{f.Name, f.Get(record).Any()})
		}
	}
	return rows
}

// permissionRows returns a row for each permission that is granted or denied.
func permissionRows(grants permission.Permissions) [][]any {
	if len(grants) == 0 {
		return [][]any{{"permissions", ""}}
	}
	var rows [][]any
	for _, id := range slices.Sorted(maps.Keys(grants)) {
		rows = append(rows, []any{"permissions", id + "=" + grants[id].String()})
	}
	return rows
}

// column is one of a list.
type column[T any] struct {
	title string
	value func(*T) any
}

// listText is a page of records as text.
func listText[T any](page *store.Page[*T], columns []column[T], empty string) string {
	if len(page.Items) == 0 {
		return empty + "\n"
	}
	titles := make([]any, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	rows := [][]any{titles}
	for _, record := range page.Items {
		row := make([]any, len(columns))
		for i, c := range columns {
			row[i] = c.value(record)
		}
		rows = append(rows, row)
	}
	return tableText(rows) + moreText(page.Next)
}

// moreText says how to continue a list.
func moreText(next string) string {
	if next == "" {
		return ""
	}
	return fmt.Sprintf("More: --after %s\n", cell(next))
}

// orAll spells out what an empty list means.
func orAll(list string) string { return cmp.Or(list, "all") }

// localTime is a time in the time zone of this host; empty for the zero time.
func localTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) //nolint:gosmopolitan // the user is at this host
}
