-- +goose Up
-- +goose StatementBegin
CREATE TABLE pbxusers_audit (
    -- Counts from 1 without gaps.
    sequence          INTEGER NOT NULL PRIMARY KEY,
    -- Microseconds since 1970 in UTC.
    time              INTEGER NOT NULL,
    actor_kind        TEXT    NOT NULL,
    actor_name        TEXT    NOT NULL,
    -- The IP address of the actor, and the service that asked without one.
    actor_remote_addr TEXT    NOT NULL,
    actor_service     TEXT    NOT NULL,
    action            TEXT    NOT NULL,
    -- The kind of record, and the key of the record.
    kind              TEXT    NOT NULL,
    record_key        TEXT    NOT NULL,
    -- "succeeded", "denied" or "failed", and why.
    outcome           TEXT    NOT NULL,
    reason            TEXT    NOT NULL,
    -- The record as JSON. The exact bytes are part of the hash. NULL when there
    -- is no record.
    before_json       TEXT,
    after_json        TEXT,
    -- See audit.Entry.
    fingerprint       BLOB,
    hash              BLOB,
    signature         BLOB
) STRICT;

-- The filters of lists, which are sorted by sequence.
CREATE INDEX pbxusers_audit_actor ON pbxusers_audit (actor_name, sequence);
CREATE INDEX pbxusers_audit_action ON pbxusers_audit (action, sequence);
CREATE INDEX pbxusers_audit_kind ON pbxusers_audit (kind, sequence);
CREATE INDEX pbxusers_audit_record ON pbxusers_audit (record_key, sequence);
CREATE INDEX pbxusers_audit_outcome ON pbxusers_audit (outcome, sequence);

-- At most one row: the end of the chain, which reveals that entries were cut off
-- at the end.
CREATE TABLE pbxusers_audit_head (
    id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence  INTEGER NOT NULL,
    hash      BLOB,
    signature BLOB
) STRICT;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_audit_head;
DROP TABLE pbxusers_audit;
-- +goose StatementEnd
