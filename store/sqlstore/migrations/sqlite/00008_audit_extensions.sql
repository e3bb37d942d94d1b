-- +goose Up
-- The extensions of the user that the entry is about, sorted, one on each line.
ALTER TABLE pbxusers_audit ADD COLUMN extensions TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE pbxusers_audit DROP COLUMN extensions;
