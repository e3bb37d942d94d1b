package sqlstore

import (
	"slices"
	"strings"
)

// table builds the statements of one table. They contain only names from this
// package; values are always arguments.
type table struct {
	name string
	// columns are read and written; the key comes first.
	columns []string
	// keyLen is the number of columns of the key; 0 counts as 1.
	keyLen int
	// derived columns come after them and are only for searches.
	derived []string
}

func (t table) key() []string { return t.columns[:max(1, t.keyLen)] }

func (t table) allColumns() []string {
	return slices.Concat(t.columns, t.derived)
}

func (t table) selectAll() string {
	return "SELECT " + strings.Join(t.columns, ", ") + " FROM " + t.name
}

// qualifiedColumns returns the columns for a query with an alias of the table.
func (t table) qualifiedColumns(alias string) string {
	return alias + "." + strings.Join(t.columns, ", "+alias+".")
}

// insert takes the values of all columns in their order.
func (t table) insert() string {
	columns := t.allColumns()
	return "INSERT INTO " + t.name + " (" + strings.Join(columns, ", ") + ") VALUES (" + placeholders(len(columns)) + ")"
}

// update takes the result of updateArgs.
func (t table) update() string {
	return "UPDATE " + t.name + " SET " + strings.Join(t.allColumns()[len(t.key()):], " = ?, ") + " = ?" + t.where()
}

// updateArgs returns the arguments of update, given the values of all columns in
// their order: the key comes last.
func (t table) updateArgs(values []any) []any {
	n := len(t.key())
	return slices.Concat(values[n:], values[:n])
}

func (t table) deleteByKey() string { return "DELETE FROM " + t.name + t.where() }

// where takes the values of the key.
func (t table) where() string { return " WHERE " + strings.Join(t.key(), " = ? AND ") + " = ?" }

// placeholders returns the placeholders of n arguments.
func placeholders(n int) string { return strings.Repeat("?, ", n-1) + "?" }
