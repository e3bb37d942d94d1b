-- +goose Up
-- One row: what tells this database from every other.
CREATE TABLE pbxusers_identity (
    id TEXT NOT NULL PRIMARY KEY
) STRICT;
INSERT INTO pbxusers_identity (id) VALUES (lower(hex(randomblob(16))));

-- +goose Down
DROP TABLE pbxusers_identity;
