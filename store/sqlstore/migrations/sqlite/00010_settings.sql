-- +goose Up
-- +goose StatementBegin
-- The settings of the product that administrators change while it runs: one row.
CREATE TABLE pbxusers_settings (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Counts the saves.
    revision   INTEGER NOT NULL,
    -- Microseconds since 1970 in UTC.
    updated_at INTEGER NOT NULL,
    -- A JSON object of all values, sealed by the keyring for
    -- pbxusers_settings/<id>/<revision>/<updated_at>.
    seal       BLOB    NOT NULL
) STRICT;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_settings;
-- +goose StatementEnd
