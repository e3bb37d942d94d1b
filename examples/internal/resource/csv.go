package resource

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// WriteCSV writes all records that q selects, in its order, with a header. The columns
// are the columns of lists that are not fields, and all fields. It reads the records page
// by page, and holds no transaction while w is slow.
func (t *Type[R]) WriteCSV(ctx context.Context, w io.Writer, q Query) error {
	columns := t.csvColumns()
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	q.Limit, q.Count = store.MaxPageLimit, false
	for {
		page, err := t.List(ctx, q)
		if err != nil {
			return err
		}
		for _, result := range page.Items {
			row, err := t.csvRow(result, columns)
			if err != nil {
				return err
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
		out.Flush()
		if q.After = page.Next; q.After == "" || out.Error() != nil {
			return out.Error()
		}
	}
}

// csvColumns returns the names of the columns: the fields, and then the others that lists
// show.
func (t *Type[R]) csvColumns() []string {
	var columns []string
	for _, m := range t.Metas() {
		columns = append(columns, m.Name)
	}
	for _, name := range t.Columns {
		if !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	return columns
}

func (t *Type[R]) csvRow(result Result[R], columns []string) ([]string, error) {
	values := t.Values(result.Record)
	row := make([]string, len(columns))
	var others map[string]any
	for i, name := range columns {
		if v, ok := values[name]; ok {
			row[i] = csvCell(v.String())
			continue
		}
		if others == nil {
			document, err := json.Marshal(t.View(Result[R]{Record: result.Record, Owner: result.Owner}))
			if err != nil {
				return nil, err
			}
			if err := json.Unmarshal(document, &others); err != nil {
				return nil, err
			}
		}
		if value := others[name]; value != nil {
			row[i] = csvCell(fmt.Sprint(value))
		}
	}
	return row, nil
}

// csvCell returns a cell that no spreadsheet takes for a formula: those begin with one of
// these characters. A phone number such as +49 170 1234 is none.
func csvCell(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) || strings.Trim(text, "+0123456789 ") == "" {
		return text
	}
	return "'" + text
}
