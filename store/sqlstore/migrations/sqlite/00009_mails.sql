-- +goose Up
-- +goose StatementBegin
-- The last mail of each kind to each user, and when it is tried again. There is no
-- address, link or text: each attempt creates them anew.
CREATE TABLE pbxusers_mails (
    team              TEXT    NOT NULL,
    user_id           TEXT    NOT NULL,
    kind              TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    message           TEXT    NOT NULL,
    attempts          INTEGER NOT NULL,
    requested_by_kind TEXT    NOT NULL,
    requested_by_name TEXT    NOT NULL,
    -- Microseconds since 1970 in UTC; never is the first instant of the year 1.
    requested_at      INTEGER NOT NULL,
    first_attempt_at  INTEGER NOT NULL,
    next_attempt_at   INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    -- Encrypted by the keyring for all other columns.
    seal              BLOB    NOT NULL,
    PRIMARY KEY (team, user_id, kind),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_users (team, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX pbxusers_mails_next ON pbxusers_mails (team, next_attempt_at, user_id, kind);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_mails;
-- +goose StatementEnd
