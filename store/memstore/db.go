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
	managers       table[*manager.User]
	// teams are what each team has, by its name.
	teams map[string]*team
	vault table[kept]
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
	for name, of := range s.teams {
		teams[name] = of.draft()
	}
	return &state{
		administrators: s.administrators.copy(),
		entries:        s.entries.copy(),
		head:           s.head,
		managers:       s.managers.copy(),
		teams:          teams,
		vault:          s.vault.copy(),
	}
}
