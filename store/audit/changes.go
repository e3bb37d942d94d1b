package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Change is one field of a record before and after an operation, as text. A text
// is empty if the record had no such field.
type Change struct{ Field, Before, After string }

// Changes compares the fields of Before and After, and returns those that differ,
// sorted by name. A text has no quotes, and a list of texts has commas; other values
// are JSON. A record that is no object counts as one field, "record".
func (e *Entry) Changes() []Change {
	before, after := fieldsOf(e.Before), fieldsOf(e.After)
	all := maps.Clone(before)
	maps.Copy(all, after)
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := Change{Field: name, Before: formatValue(before[name]), After: formatValue(after[name])}
		if c.Before != c.After {
			changes = append(changes, c)
		}
	}
	return changes
}

// fieldsOf returns the fields of a record, which is null or empty if there is none.
func fieldsOf(record json.RawMessage) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if text := bytes.TrimSpace(record); len(text) == 0 || bytes.Equal(text, []byte("null")) {
		return fields
	}
	if err := json.Unmarshal(record, &fields); err != nil {
		return map[string]json.RawMessage{"record": record}
	}
	return fields
}

// formatValue formats a value as text.
func formatValue(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	var texts []string
	if json.Unmarshal(value, &texts) == nil {
		return strings.Join(texts, ", ")
	}
	return string(value)
}
