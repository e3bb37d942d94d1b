-- +goose Up
-- +goose StatementBegin
CREATE TABLE pbxusers_ami_accounts (
    -- manager.FoldName of name: unique, and the default sort key of lists.
    folded_name          TEXT    NOT NULL PRIMARY KEY,
    name                 TEXT    NOT NULL,
    -- Sealed by the keyring for pbxusers_ami_accounts/<folded_name>/secret.
    secret               BLOB    NOT NULL,
    -- Networks in CIDR form, separated by commas.
    deny                 TEXT    NOT NULL,
    permit               TEXT    NOT NULL,
    named_acl            TEXT    NOT NULL,
    -- Names of classes, separated by commas; "none" for no class.
    read_classes         TEXT    NOT NULL,
    write_classes        TEXT    NOT NULL,
    -- JSON list of filters, as in the API.
    event_filters        TEXT    NOT NULL,
    display_connects     INTEGER NOT NULL,
    allow_multiple_login INTEGER NOT NULL,
    -- Milliseconds.
    write_timeout        INTEGER NOT NULL,
    disabled             INTEGER NOT NULL,
    note                 TEXT    NOT NULL,
    owner                TEXT    NOT NULL,
    -- Unicode lower case, which SQLite cannot compute: for searches.
    folded_note          TEXT    NOT NULL,
    folded_owner         TEXT    NOT NULL,
    -- Microseconds since 1970 in UTC.
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    secret_changed_at    INTEGER NOT NULL
) STRICT;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_ami_accounts;
-- +goose StatementEnd
