-- +goose Up
-- Small values until they expire, such as the sessions of a server.
CREATE TABLE pbxusers_vault (
    kind       TEXT    NOT NULL,
    -- As the caller gives it: of a secret it is the hash.
    item       TEXT    NOT NULL,
    -- Sealed by the keyring for pbxusers_vault/<kind>/<item>.
    value      BLOB    NOT NULL,
    -- Microseconds since 1970 in UTC.
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kind, item)
) STRICT;
CREATE INDEX pbxusers_vault_expiry ON pbxusers_vault (expires_at);

-- +goose Down
DROP TABLE pbxusers_vault;
