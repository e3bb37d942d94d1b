package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// errStale means that the record was changed after the form was loaded.
var errStale = errors.New("edit conflict")

// versionOf returns a hash of what a form shows of a record.
func versionOf(input any) string {
	text, err := json.Marshal(input)
	if err != nil {
		return "" // such a form is stale whenever it is saved
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// difference is a field in which the saved record and the input differ.
type difference struct{ Label, Theirs, Yours string }

// differences returns the rows that differ.
func differences(rows ...difference) []difference {
	var found []difference
	for _, row := range rows {
		if row.Theirs != row.Yours {
			found = append(found, row)
		}
	}
	return found
}
