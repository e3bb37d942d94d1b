-- +goose Up
-- The orders of lists other than by name.
CREATE INDEX pbxusers_managers_created ON pbxusers_managers (created_at, folded_name);
CREATE INDEX pbxusers_managers_updated ON pbxusers_managers (updated_at, folded_name);

-- +goose Down
DROP INDEX pbxusers_managers_created;
DROP INDEX pbxusers_managers_updated;
