package sqlstore

import (
	"slices"
	"strings"
)

// table writes the statements of one table. Only names from this package get
// into them; values are always arguments.
type table struct {
	name string
	// columns are read and written, the key first.
	columns []string
	// unread columns come after them and are for searches only.
	unread []string
}

func (t table) key() string { return t.columns[0] }

func (t table) written() []string {
	return slices.Concat(t.columns, t.unread)
}

func (t table) selectAll() string {
	return "SELECT " + strings.Join(t.columns, ", ") + " FROM " + t.name
}

// insert takes the values of all columns in their order.
func (t table) insert() string {
	columns := t.written()
	return "INSERT INTO " + t.name + " (" + strings.Join(columns, ", ") + ") VALUES (" +
		strings.Repeat("?, ", len(columns)-1) + "?)"
}

// update takes the values of all columns but the key, and then the key.
func (t table) update() string {
	return "UPDATE " + t.name + " SET " + strings.Join(t.written()[1:], " = ?, ") + " = ?" + t.where()
}

func (t table) remove() string { return "DELETE FROM " + t.name + t.where() }

func (t table) where() string { return " WHERE " + t.key() + " = ?" }
