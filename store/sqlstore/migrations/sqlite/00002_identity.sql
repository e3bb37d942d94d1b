-- +goose Up
-- +goose StatementBegin
-- One row: the identity of this database.
CREATE TABLE pbxusers_identity (
    id   TEXT NOT NULL PRIMARY KEY,
    -- Nothing, sealed by the keyring for pbxusers_identity/<id>: it proves the row.
    seal BLOB NOT NULL
) STRICT;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_identity;
-- +goose StatementEnd
