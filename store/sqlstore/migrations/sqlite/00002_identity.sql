-- +goose Up
-- One row: the identity of this database.
CREATE TABLE pbxusers_identity (
    id TEXT NOT NULL PRIMARY KEY
) STRICT;
INSERT INTO pbxusers_identity (id) VALUES (lower(hex(randomblob(16))));

-- +goose Down
DROP TABLE pbxusers_identity;
