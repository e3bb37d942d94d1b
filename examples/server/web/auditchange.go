package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// change is one field of a record before and after an act, as text.
type change struct{ Field, Before, After string }

// changesOf compares two records, field by field; "null" stands for none.
func changesOf(before, after json.RawMessage) []change {
	was, is := fieldsOf(before), fieldsOf(after)
	all := maps.Clone(was)
	maps.Copy(all, is)
	var changes []change
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := change{Field: strings.ReplaceAll(name, "_", " "), Before: formatJSONValue(was[name]), After: formatJSONValue(is[name])}
		if c.Before != c.After {
			c.Before, c.After = truncate(c.Before), truncate(c.After)
			changes = append(changes, c)
		}
	}
	return changes
}

// fieldsOf returns the fields of a record; what is none is one field of its
// own.
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

// formatJSONValue writes a value for people: texts without quotes, lists with commas.
func formatJSONValue(value json.RawMessage) string {
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

// maxChangeBytes bounds what the page shows of a value, in bytes: an AMI account
// may hold hundreds of networks.
const maxChangeBytes = 2000

// truncate returns as much of a value as the page shows.
func truncate(value string) string {
	if len(value) <= maxChangeBytes {
		return value
	}
	return strings.ToValidUTF8(value[:maxChangeBytes], "") + fmt.Sprintf(" … and %d more bytes (see the API)", len(value)-maxChangeBytes)
}
