package field

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Columns returns the names of the SQL columns, in the order of [Table.Args] and
// [Table.Targets]. The caller must not change the slice.
func (t *Table[T]) Columns() []string { return t.columns }

// Args returns the values of the SQL columns: a list as a JSON array, a time as
// microseconds since 1970.
func (t *Table[T]) Args(record *T) []any {
	args := make([]any, len(t.fields))
	for i, f := range t.fields {
		switch v := f.get(record); f.Kind {
		case KindList:
			args[i] = encodeList(v.list)
		case KindTime:
			args[i] = v.time.UnixMicro()
		case KindText, KindBool, KindInt:
			args[i] = v.Any()
		}
	}
	return args
}

// Targets returns the places in the record that the SQL columns are scanned into.
// The same places can be scanned into row after row; a copy of the record shares
// no list with the next row.
func (t *Table[T]) Targets(record *T) []any {
	targets := make([]any, len(t.fields))
	for i, f := range t.fields {
		targets[i] = f.target(record)
	}
	return targets
}

func encodeList(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(list) //nolint:errchkjson // a list of texts always encodes
	return string(text)
}

// listTarget scans a JSON array of texts. An empty array becomes nil. It decodes
// an array that many rows share once.
type listTarget struct {
	column  string
	list    *[]string
	decoded map[string][]string // nil until it is needed
}

// Scan implements [sql.Scanner].
func (t *listTarget) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	}
	*t.list = nil
	if text == "[]" {
		return nil
	}
	list, ok := t.decoded[text]
	if !ok {
		if json.Unmarshal([]byte(text), &list) != nil {
			return columnError(t.column)
		}
		if t.decoded == nil {
			t.decoded = map[string][]string{}
		}
		t.decoded[text] = list
	}
	*t.list = slices.Clone(list)
	return nil
}

// target scans a value that is not NULL.
type target[V any] struct {
	column string
	set    func(V)
	null   sql.Null[V]
}

// Scan implements [sql.Scanner].
func (t *target[V]) Scan(src any) error {
	if t.null.Scan(src) != nil || !t.null.Valid {
		return columnError(t.column)
	}
	t.set(t.null.V)
	return nil
}

// columnError returns the error of a column whose content cannot be read. It does
// not contain the content.
func columnError(column string) error { return fmt.Errorf("column %s: %w", column, store.ErrCorrupt) }
