package resource

import (
	"context"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// Type declares one type of record. It never changes once it is made.
type Type[R any] struct {
	// Name and Plural name the record in texts: "user", "users".
	Name, Plural string
	// Kind names the record in the audit log.
	Kind string
	// Key is the name of the field that a record is found by.
	Key string
	// Fields are the plain fields, and Parts the other fields that can be
	// written as text.
	Fields *field.Table[R]
	Parts  []Part[R]
	// Inputs describe what can be given to create a record beside its fields:
	// a preset, or that a password is generated. Secret describes the password
	// or secret that can be given; nil when there is none.
	Inputs []field.Meta
	Secret *field.Meta
	// Columns are the fields that a list shows, and Sort those that it can be
	// sorted by.
	Columns, Sort []string
	// Search describes what a search looks through; empty when there is none.
	Search string
	// Filters describe what a list can be filtered by.
	Filters []field.Meta
	// Unpaged says that a list is always whole, without search and filters.
	Unpaged bool
	// Force describes what the deletion of a record can be forced in spite of;
	// empty when it cannot.
	Force string

	// New returns a record before its fields are set.
	New func() *R
	// KeyOf returns the key of a record.
	KeyOf func(*R) string
	// Show returns a record as JSON shows it. It defaults to the record.
	Show func(Result[R]) any
	// Untag clears what the ETag does not cover. Without it the ETag covers what
	// Show returns of the record.
	Untag func(*R)

	// List, Get, Prepare, Update and Delete call the service for whoever the
	// context names. Prepare does what creating a record takes before the
	// transaction, such as hashing a password. The fields that cannot be read and
	// those that the service rejects are one error.
	List    func(ctx context.Context, q Query) (*store.Page[Result[R]], error)
	Get     func(ctx context.Context, key string) (Result[R], error)
	Prepare func(ctx context.Context, d *Draft[R]) (Commit[R], error)
	Update  func(ctx context.Context, key string, change func(*R) error) (Result[R], error)
	Delete  func(ctx context.Context, key string, force bool) error
	// Preview returns the accounts whose credentials Update would revoke, and changes
	// nothing; nil for a type without them.
	Preview func(ctx context.Context, key string, change func(*R) error) (*userman.Revocations, error)
}

// MaxRevocations is the number of accounts that a preview names.
const MaxRevocations = 100

// Commit creates a record that is prepared. It can join a transaction, and run more
// than once when the transaction is retried.
type Commit[R any] func(ctx context.Context) (Result[R], error)

// Create prepares a record and creates it.
func (t *Type[R]) Create(ctx context.Context, d *Draft[R]) (Result[R], error) {
	commit, err := t.Prepare(ctx, d)
	if err != nil {
		return Result[R]{}, err
	}
	return commit(ctx)
}

// Result is a record of a service, and what is known beside it.
type Result[R any] struct {
	Record *R
	// Secret is shown only once: the generated password or secret, or the key.
	// It is empty when nothing was generated.
	Secret store.Secret
	// Link, shown only once, sets the password; nil when there is none.
	Link *Link
	// Owner is the username of the user that the record belongs to, such as that
	// of a token.
	Owner string
}

// Part is a field of a record beside the plain ones. Its value is a text, a list
// of texts, or of another plain kind.
type Part[R any] struct {
	field.Meta

	// Get returns the value, as Set reads it.
	Get func(*R) field.Value
	// Set sets the part. It returns what it cannot read, and leaves the part as
	// it is then.
	Set func(*R, field.Value) []store.FieldError
}

// Query selects records of a list.
type Query struct {
	Search string
	Sort   store.Sort
	// Filters are the values by the names of [Type].Filters.
	Filters map[string]field.Value
	// Owner selects the records of one user; empty selects all.
	Owner string
	store.PageRequest
}

// Text returns the text of a filter; "" when it is not given.
func (q Query) Text(filter string) string { return q.Filters[filter].Text() }

// Draft is a record to be created.
type Draft[R any] struct {
	Record *R
	// Owner is the username of the user that the record will belong to.
	Owner string
	// Secret is the password or secret that is given.
	Secret store.Secret
	// Inputs are the values by the names of [Type].Inputs.
	Inputs map[string]field.Value
	// Given are the names of the fields that were given, and not null.
	Given []string
	// Errors are the fields that cannot be read.
	Errors []store.FieldError
}

// Has reports whether a field was given.
func (d *Draft[R]) Has(name string) bool { return slices.Contains(d.Given, name) }

// Metas describe all fields, the plain ones first.
func (t *Type[R]) Metas() []field.Meta {
	metas := t.Fields.Metas(nil)
	for i := range t.Parts {
		metas = append(metas, t.Parts[i].Meta)
	}
	return metas
}

// Lookup describes the field of that name, which may be an input.
func (t *Type[R]) Lookup(name string) (field.Meta, bool) {
	metas := append(t.Metas(), t.Inputs...)
	i := slices.IndexFunc(metas, func(m field.Meta) bool { return m.Name == name })
	if i < 0 {
		return field.Meta{}, false
	}
	return metas[i], true
}

// Values returns the values of all fields by their names.
func (t *Type[R]) Values(record *R) map[string]field.Value {
	values := t.Fields.Values(record)
	for i := range t.Parts {
		values[t.Parts[i].Name] = t.Parts[i].Get(record)
	}
	return values
}

// Apply sets the fields that values names. It returns what cannot be read, in the
// order of the fields.
func (t *Type[R]) Apply(record *R, values map[string]field.Value) []store.FieldError {
	plain := map[string]field.Value{}
	var errs []store.FieldError
	for name, value := range values {
		if i := slices.IndexFunc(t.Parts, func(p Part[R]) bool { return p.Name == name }); i < 0 {
			plain[name] = value
		}
	}
	errs = append(errs, t.Fields.Apply(record, plain)...)
	for i := range t.Parts {
		if value, ok := values[t.Parts[i].Name]; ok {
			errs = append(errs, t.Parts[i].Set(record, value)...)
		}
	}
	return errs
}

// View returns a record as JSON shows it, with what is shown only once.
func (t *Type[R]) View(result Result[R]) any {
	if t.Show == nil {
		return result.Record
	}
	return t.Show(result)
}

// Tagged returns what the ETag of a record covers.
func (t *Type[R]) Tagged(result Result[R]) any {
	if t.Untag == nil {
		return t.View(Result[R]{Record: result.Record, Owner: result.Owner})
	}
	tagged := *result.Record
	t.Untag(&tagged)
	return &tagged
}

// Default returns the value of a field that is null.
func (t *Type[R]) Default(m field.Meta) field.Value {
	if m.Default.Kind() == m.Kind {
		return m.Default
	}
	return field.ZeroValue(m.Kind)
}

// setCalls sets Get and Update to methods of the service.
func setCalls[S, R any](
	t *Type[R], service func(context.Context) *S,
	get func(*S, context.Context, string) (*R, error), update func(*S, context.Context, string, func(*R) error) (*R, error),
) {
	t.Get = func(ctx context.Context, key string) (Result[R], error) { return wrap(get(service(ctx), ctx, key)) }
	t.Update = func(ctx context.Context, key string, change func(*R) error) (Result[R], error) {
		return wrap(update(service(ctx), ctx, key, change))
	}
}

// wrap returns the result of a service that knows nothing beside the record.
func wrap[R any](record *R, err error) (Result[R], error) {
	if err != nil {
		return Result[R]{}, err
	}
	return Result[R]{Record: record}, nil
}

// wrapPage does what wrap does for each record of a page.
func wrapPage[R any](page *store.Page[*R], err error) (*store.Page[Result[R]], error) {
	if err != nil {
		return nil, err
	}
	wrapped := &store.Page[Result[R]]{Items: make([]Result[R], len(page.Items)), Next: page.Next, Previous: page.Previous, Total: page.Total, AtLeast: page.AtLeast}
	for i, record := range page.Items {
		wrapped.Items[i] = Result[R]{Record: record}
	}
	return wrapped, nil
}

// check panics when two fields have the same name: that is a mistake in the
// program.
func (t *Type[R]) check() *Type[R] {
	seen := map[string]bool{}
	for _, m := range append(t.Metas(), t.Inputs...) {
		if seen[m.Name] {
			panic(fmt.Sprintf("resource: %s has two fields %q", t.Name, m.Name))
		}
		seen[m.Name] = true
	}
	return t
}
