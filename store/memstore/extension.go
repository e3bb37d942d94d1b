package memstore

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/store"
)

// extensionStore is the store of the extensions of a team.
type extensionStore struct{ teamStore }

// Extensions returns the store of the extensions of a team; "" is the default team.
func (db *DB) Extensions(team string) extension.Store { return extensionStore{teamStore{db, team}} }

func (t *team) extension(number string) (*extension.Extension, error) {
	return cloneRecord(&t.numbers, extension.SortNumber(number), extension.Kind, (*extension.Extension).Clone)
}

// putExtension stores a copy in the precision of a database.
func (t *team) putExtension(e *extension.Extension) {
	stored := e.Clone()
	truncateTimes(&stored.CreatedAt, &stored.UpdatedAt)
	for i := range stored.Devices {
		truncateTimes(&stored.Devices[i].SecretChangedAt)
	}
	t.numbers.put(extension.SortNumber(e.Number), stored)
}

// CreateExtension implements [extension.Store].
func (m extensionStore) CreateExtension(ctx context.Context, e *extension.Extension) error {
	return m.writeTeam(ctx, func(t *team) error {
		if _, found := t.numbers.get(extension.SortNumber(e.Number)); found {
			return &store.AlreadyExistsError{Kind: extension.Kind, Field: "number"}
		}
		t.putExtension(e)
		return nil
	})
}

// Extension implements [extension.Store].
func (m extensionStore) Extension(ctx context.Context, number string) (found *extension.Extension, err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		found, err = t.extension(number)
		return err
	})
	return found, err
}

// UpdateExtension implements [extension.Store].
func (m extensionStore) UpdateExtension(ctx context.Context, number string, change func(*extension.Extension) error) error {
	read := func(t *team) (*extension.Extension, error) { return t.extension(number) }
	return updateRecord(ctx, m.teamStore, read, change, func(t *team, e *extension.Extension) error {
		e.Number = number
		t.putExtension(e)
		return nil
	})
}

// DeleteExtension implements [extension.Store].
func (m extensionStore) DeleteExtension(ctx context.Context, number string) error {
	return m.writeTeam(ctx, func(t *team) error {
		if !t.numbers.remove(extension.SortNumber(number)) {
			return &store.NotFoundError{Kind: extension.Kind}
		}
		return nil
	})
}

// ListExtensions implements [extension.Store].
func (m extensionStore) ListExtensions(ctx context.Context, q extension.Query) (list *store.Page[*extension.Extension], err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		list, err = extensionPager().page(&t.numbers, q.Match, q.Sort, q.PageRequest)
		return err
	})
	return list, err
}

func extensionPager() pager[*extension.Extension] {
	return pager[*extension.Extension]{
		keyField: "number", clone: (*extension.Extension).Clone,
		timeFields: map[string]func(*extension.Extension) time.Time{
			"created_at": func(e *extension.Extension) time.Time { return e.CreatedAt },
			"updated_at": func(e *extension.Extension) time.Time { return e.UpdatedAt },
		},
	}
}

// EachExtension implements [extension.Store].
func (m extensionStore) EachExtension(ctx context.Context, visit func(*extension.Extension) error) error {
	numbers := func(s *state) *table[*extension.Extension] { return &m.teamState(s).numbers }
	return forEach(ctx, m.DB, numbers, (*extension.Extension).Clone, visit)
}
