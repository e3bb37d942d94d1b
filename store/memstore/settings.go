package memstore

import (
	"context"

	"github.com/pbxusers/pbxusers/store/internal/storeerr"
	"github.com/pbxusers/pbxusers/store/settings"
)

// settingsStore is the store of the settings.
type settingsStore struct{ *DB }

// Settings returns the store of the settings of the product.
func (db *DB) Settings() settings.Store { return settingsStore{db} }

// Settings implements [settings.Store].
func (m settingsStore) Settings(ctx context.Context) (record *settings.Record, err error) {
	err = m.read(ctx, func(s *state) error {
		record = s.settings.Clone()
		return nil
	})
	return record, err
}

// PutSettings implements [settings.Store].
func (m settingsStore) PutSettings(ctx context.Context, r *settings.Record) error {
	stored := r.Clone()
	truncateTimes(&stored.UpdatedAt)
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			if s.settings.Revision != r.Revision-1 {
				return storeerr.NewRevisionError()
			}
			s.settings = *stored
			return nil
		})
	})
}
