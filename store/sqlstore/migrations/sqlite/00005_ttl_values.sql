-- +goose Up
-- +goose StatementBegin
-- Small values with an expiry, such as the sessions of a server.
CREATE TABLE pbxusers_ttl_values (
    kind       TEXT    NOT NULL,
    -- The key of the caller; for a secret, its hash.
    item       TEXT    NOT NULL,
    -- Sealed by the keyring for pbxusers_ttl_values/<kind>/<item>/<expires_at>.
    value      BLOB    NOT NULL,
    -- Microseconds since 1970 in UTC.
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kind, item)
) STRICT;
CREATE INDEX pbxusers_ttl_values_expiry ON pbxusers_ttl_values (expires_at);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_ttl_values;
-- +goose StatementEnd
