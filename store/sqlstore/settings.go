package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
	"github.com/pbxusers/pbxusers/store/settings"
)

// settingsStore is the store of the settings.
type settingsStore struct{ *DB }

// Settings returns the store of the settings of the product. It has one row, whose values
// are encrypted together.
func (db *DB) Settings() settings.Store { return settingsStore{db} }

// settingsSealContext is the encryption context of the values. It contains the other
// columns.
func settingsSealContext(id, revision, updatedAt string) string {
	return "pbxusers_settings/" + id + "/" + revision + "/" + updatedAt
}

// settingsID is the ID of the row.
const settingsID = "1"

// Settings implements [settings.Store].
func (m settingsStore) Settings(ctx context.Context) (*settings.Record, error) {
	var revision, updatedAt string
	var sealed []byte
	err := m.read(ctx, func(ctx context.Context, q querier) error {
		err := q.QueryRowContext(ctx, "SELECT revision, updated_at, seal FROM pbxusers_settings WHERE id = 1").Scan(&revision, &updatedAt, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return m.wrapError(ctx, "read the settings", err)
	})
	if err != nil || sealed == nil {
		return &settings.Record{}, err
	}
	values, err := m.keyring.Open(sealed, settingsSealContext(settingsID, revision, updatedAt))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: read the settings: %w", err)
	}
	return decodeSettings(revision, updatedAt, values)
}

func decodeSettings(revision, updatedAt string, values []byte) (*settings.Record, error) {
	var texts map[string]string
	number, revisionErr := strconv.ParseInt(revision, 10, 64)
	micros, timeErr := strconv.ParseInt(updatedAt, 10, 64)
	if errors.Join(revisionErr, timeErr, json.Unmarshal(values, &texts)) != nil {
		return nil, fmt.Errorf("sqlstore: read the settings: %w", store.ErrCorrupt)
	}
	r := &settings.Record{Revision: number, Values: make(map[string]store.Secret, len(texts)), UpdatedAt: fromMicro(micros)}
	for name, text := range texts {
		r.Values[name] = store.NewSecret(text)
	}
	return r, nil
}

// PutSettings implements [settings.Store].
func (m settingsStore) PutSettings(ctx context.Context, r *settings.Record) error {
	texts := make(map[string]string, len(r.Values))
	for name, value := range r.Values {
		texts[name] = value.Reveal()
	}
	values, err := json.Marshal(texts)
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return m.write(ctx, func(ctx context.Context, q querier) error {
		return m.putSettings(ctx, q, r.Revision, r.UpdatedAt, values)
	})
}

// putSettings writes the row, if the stored revision is the one before.
func (m settingsStore) putSettings(ctx context.Context, q querier, revision int64, updatedAt time.Time, values []byte) error {
	const text = `INSERT INTO pbxusers_settings (id, revision, updated_at, seal) SELECT 1, ?, ?, ?
		WHERE COALESCE((SELECT revision FROM pbxusers_settings WHERE id = 1), 0) = ?
		ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, updated_at = excluded.updated_at, seal = excluded.seal`
	micros := updatedAt.UnixMicro()
	// Encrypted in the transaction, like AMI accounts.
	sealed := m.keyring.Seal(values, settingsSealContext(settingsID, strconv.FormatInt(revision, 10), strconv.FormatInt(micros, 10)))
	result, err := q.ExecContext(ctx, text, revision, micros, sealed, revision-1)
	return m.requireAffected(ctx, "save the settings", result, err, storeerr.NewRevisionError())
}
