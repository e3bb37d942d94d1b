package memstore

import (
	"sync/atomic"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
)

// DB is a database in memory. It may be used from many goroutines.
type DB struct {
	// committed is what readers outside of a transaction see. It is replaced
	// and never changed, so they need no lock.
	committed atomic.Pointer[state]
	// writer holds one token while a transaction is open.
	writer chan struct{}
	// revisions counts those of groups. It is no part of what a transaction
	// undoes, so that no revision ever comes back.
	revisions atomic.Int64
}

// state is all that is stored. What is in a table is never changed in place:
// resources put clones in and give clones out.
type state struct {
	administrators table[*ampusers.Administrator]
	entries        table[*audit.Entry]
	head           audit.Head
	amiAccounts    table[*manager.Account]
	// teams are what each team has, by its name.
	teams     map[string]*team
	ttlValues table[ttlValue]
}

// New returns an empty database.
func New() *DB {
	db := &DB{writer: make(chan struct{}, 1)}
	db.committed.Store((&state{}).draft()) // its tables are marked as shared
	return db
}

// draft returns a copy to write to. It shares the rows until it is written to.
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
	}
}
