package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/userman"
)

// errStale means that somebody else changed a record after it was put into a
// form.
var errStale = errors.New("changed meanwhile")

// administratorVersion is equal for records that agree in what their form
// edits.
func administratorVersion(a *ampusers.Administrator) string {
	return versionOf(inputOfAdministrator(a))
}

// managerVersion is equal for accounts that agree in what their form edits.
func managerVersion(u *manager.Account) string { return versionOf(inputOfManager(u)) }

// userVersion is equal for people who agree in what their form edits.
func userVersion(u *userman.User) string { return versionOf(inputOfUser(u)) }

// versionOf returns a hash of what a form shows of a record.
func versionOf(input any) string {
	text, err := json.Marshal(input)
	if err != nil {
		return "" // such a form is stale whenever it is saved
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// difference is a field in which a record and what was typed differ, after
// somebody else changed the record.
type difference struct{ Label, Theirs, Yours string }

// differences returns what differs between two forms; rows are label, theirs,
// yours.
func differences(rows ...difference) []difference {
	var found []difference
	for _, row := range rows {
		if row.Theirs != row.Yours {
			found = append(found, row)
		}
	}
	return found
}
