-- +goose Up
CREATE TABLE pbxusers_audit (
    -- Counts from 1 without a gap.
    sequence     INTEGER NOT NULL PRIMARY KEY,
    -- Microseconds since 1970 in UTC.
    at           INTEGER NOT NULL,
    actor_kind   TEXT    NOT NULL,
    actor_name   TEXT    NOT NULL,
    -- The IP address of the actor, and the service that asked without one.
    actor_remote_addr TEXT NOT NULL,
    actor_service TEXT   NOT NULL,
    action       TEXT    NOT NULL,
    -- What was acted on, and which one among those.
    kind         TEXT    NOT NULL,
    record       TEXT    NOT NULL,
    -- "done", "refused" or "failed", and why.
    outcome      TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    -- The record as JSON, to the byte, since it is part of the hash; NULL when
    -- there was none.
    before_json  TEXT,
    after_json   TEXT,
    -- See audit.Entry.
    fingerprint  BLOB,
    hash         BLOB,
    signature    BLOB
) STRICT;

-- What lists are filtered by; they are sorted by sequence.
CREATE INDEX pbxusers_audit_actor ON pbxusers_audit (actor_name, sequence);
CREATE INDEX pbxusers_audit_action ON pbxusers_audit (action, sequence);
CREATE INDEX pbxusers_audit_kind ON pbxusers_audit (kind, sequence);
CREATE INDEX pbxusers_audit_record ON pbxusers_audit (record, sequence);
CREATE INDEX pbxusers_audit_outcome ON pbxusers_audit (outcome, sequence);

-- One row at the most: the end of the chain, so that entries cut off at the end
-- are missed too.
CREATE TABLE pbxusers_audit_head (
    id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence  INTEGER NOT NULL,
    hash      BLOB,
    signature BLOB
) STRICT;

-- +goose Down
DROP TABLE pbxusers_audit_head;
DROP TABLE pbxusers_audit;
