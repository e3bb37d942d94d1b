package memstore

import (
	"sync/atomic"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/settings"
)

// DB is a database in memory. It is safe for concurrent use.
type DB struct {
	// committed is the committed state. It is replaced and never changed, so
	// readers need no lock.
	committed atomic.Pointer[state]
	// writer holds one token while a transaction is open.
	writer chan struct{}
	// revisions counts the revisions of groups. A rollback does not undo it, so
	// that no revision repeats.
	revisions atomic.Int64
}

// state is everything that is stored. Values in a table are never changed in place:
// the stores put and return clones.
type state struct {
	administrators table[*ampusers.Administrator]
	entries        table[*audit.Entry]
	head           audit.Head
	amiAccounts    table[*manager.Account]
	// teams are the records of each team, by its name.
	teams     map[string]*team
	ttlValues table[ttlValue]
	settings  settings.Record
}

// New returns an empty database.
func New() *DB {
	db := &DB{writer: make(chan struct{}, 1)}
	db.committed.Store((&state{}).draft()) // its tables are marked as shared
	return db
}

// draft returns a writable copy. It shares the rows until they are written.
func (s *state) draft() *state {
	teams := make(map[string]*team, len(s.teams))
	for name, t := range s.teams {
		teams[name] = t.draft()
	}
	return &state{
		administrators: s.administrators.share(),
		entries:        s.entries.share(),
		head:           s.head,
		amiAccounts:    s.amiAccounts.share(),
		teams:          teams,
		ttlValues:      s.ttlValues.share(),
		settings:       s.settings,
	}
}
