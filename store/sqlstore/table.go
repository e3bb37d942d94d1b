package sqlstore

import (
	"slices"
	"strings"
)

// table writes the statements of one table. Only names from this package get
// into them; values are always arguments.
type table struct {
	name string
	// columns are read and written, those of the key first.
	columns []string
	// keyed is how many columns the key has; 0 counts as 1.
	keyed int
	// unread columns come after them and are for searches only.
	unread []string
}

func (t table) key() []string { return t.columns[:max(1, t.keyed)] }

func (t table) written() []string {
	return slices.Concat(t.columns, t.unread)
}

func (t table) selectAll() string {
	return "SELECT " + strings.Join(t.columns, ", ") + " FROM " + t.name
}

// columnsOf returns the columns for a query that names the table otherwise.
func (t table) columnsOf(alias string) string {
	return alias + "." + strings.Join(t.columns, ", "+alias+".")
}

// insert takes the values of all columns in their order.
func (t table) insert() string {
	columns := t.written()
	return "INSERT INTO " + t.name + " (" + strings.Join(columns, ", ") + ") VALUES (" + places(len(columns)) + ")"
}

// update takes what updated returns.
func (t table) update() string {
	return "UPDATE " + t.name + " SET " + strings.Join(t.written()[len(t.key()):], " = ?, ") + " = ?" + t.where()
}

// updated returns the arguments of update, given the values of all columns in
// their order: those of the key come last.
func (t table) updated(values []any) []any {
	n := len(t.key())
	return slices.Concat(values[n:], values[:n])
}

func (t table) remove() string { return "DELETE FROM " + t.name + t.where() }

// where takes the values of the key.
func (t table) where() string { return " WHERE " + strings.Join(t.key(), " = ? AND ") + " = ?" }

// places returns where n arguments go.
func places(n int) string { return strings.Repeat("?, ", n-1) + "?" }
