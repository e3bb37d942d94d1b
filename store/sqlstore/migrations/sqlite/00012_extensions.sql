-- +goose Up
-- +goose StatementBegin
CREATE TABLE pbxusers_extensions (
    team         TEXT    NOT NULL,
    -- extension.SortNumber of number: unique, and the default sort key of lists.
    sort_number  TEXT    NOT NULL,
    number       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    type         TEXT    NOT NULL,
    -- JSON list of names.
    codecs       TEXT    NOT NULL,
    transport    TEXT    NOT NULL,
    nat          INTEGER NOT NULL,
    -- JSON list of the devices with their secrets, sealed by the keyring for
    -- pbxusers_extensions/<team>/<sort_number>/devices.
    devices      BLOB    NOT NULL,
    last_ordinal INTEGER NOT NULL,
    -- Microseconds since 1970 in UTC.
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    -- Unicode lower case, which SQLite cannot compute: for searches.
    folded_name  TEXT    NOT NULL,
    PRIMARY KEY (team, sort_number)
) STRICT;
CREATE INDEX pbxusers_extensions_created ON pbxusers_extensions (team, created_at, sort_number);
CREATE INDEX pbxusers_extensions_updated ON pbxusers_extensions (team, updated_at, sort_number);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_extensions;
-- +goose StatementEnd
