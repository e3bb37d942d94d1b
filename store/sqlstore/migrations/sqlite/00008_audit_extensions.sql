-- +goose Up
-- +goose StatementBegin
-- The extensions of the user that the entry is about, sorted, one on each line.
ALTER TABLE pbxusers_audit ADD COLUMN extensions TEXT NOT NULL DEFAULT '';
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
ALTER TABLE pbxusers_audit DROP COLUMN extensions;
-- +goose StatementEnd
