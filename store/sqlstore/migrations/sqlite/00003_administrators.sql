-- +goose Up
-- +goose StatementBegin
CREATE TABLE pbxusers_administrators (
    -- ampusers.FoldUsername of username: unique, and the default sort key of
    -- lists.
    folded_username         TEXT    NOT NULL PRIMARY KEY,
    username                TEXT    NOT NULL,
    display_name            TEXT    NOT NULL,
    -- "full" or "limited".
    access                  TEXT    NOT NULL,
    -- JSON lists of ids.
    sections                TEXT    NOT NULL,
    teams                   TEXT    NOT NULL,
    -- Numbers and ranges, separated by commas; empty means all.
    extensions              TEXT    NOT NULL,
    dids                    TEXT    NOT NULL,
    disabled                INTEGER NOT NULL,
    session_epoch           INTEGER NOT NULL,
    -- The password hash with its cost parameters; empty without a password.
    password_hash           TEXT    NOT NULL,
    -- The secret of the authenticator app, sealed by the keyring for
    -- pbxusers_administrators/<folded_username>/second_factor. NULL without a
    -- second factor; the next three columns then have no meaning.
    second_factor           BLOB,
    second_factor_confirmed INTEGER NOT NULL,
    second_factor_step      INTEGER NOT NULL,
    -- Hashes in base64, separated by commas.
    recovery_hashes         TEXT    NOT NULL,
    -- SHA-256 of the token of the link to set a password, and its expiry; NULL
    -- without a link.
    invitation_hash         BLOB    UNIQUE,
    invitation_expires_at   INTEGER,
    -- For each device: the hash of its token in base64, a colon, and the time of
    -- its last use in the format below; separated by commas.
    devices                 TEXT    NOT NULL,
    -- The administrator who may know the password, the second factor and the link:
    -- the time in microseconds, a space and the username; empty if none does.
    password_creator        TEXT    NOT NULL,
    second_factor_creator   TEXT    NOT NULL,
    invitation_creator      TEXT    NOT NULL,
    -- Unicode lower case, which SQLite cannot compute: for searches.
    folded_display_name     TEXT    NOT NULL,
    -- Microseconds since 1970 in UTC; never is the first instant of the year 1.
    created_at              INTEGER NOT NULL,
    updated_at              INTEGER NOT NULL,
    password_changed_at     INTEGER NOT NULL,
    last_login_at           INTEGER NOT NULL,
    -- When a grant revoked the password or the second factor.
    credentials_revoked_at  INTEGER NOT NULL
) STRICT;

-- One index for each sort order with each filter, so that no page needs a sort
-- or a scan.
CREATE INDEX pbxusers_administrators_created ON pbxusers_administrators (created_at, folded_username);
CREATE INDEX pbxusers_administrators_updated ON pbxusers_administrators (updated_at, folded_username);
CREATE INDEX pbxusers_administrators_login ON pbxusers_administrators (last_login_at, folded_username);

CREATE INDEX pbxusers_administrators_access ON pbxusers_administrators (access, folded_username);
CREATE INDEX pbxusers_administrators_access_created ON pbxusers_administrators (access, created_at, folded_username);
CREATE INDEX pbxusers_administrators_access_updated ON pbxusers_administrators (access, updated_at, folded_username);
CREATE INDEX pbxusers_administrators_access_login ON pbxusers_administrators (access, last_login_at, folded_username);

CREATE INDEX pbxusers_administrators_enabled ON pbxusers_administrators (disabled, folded_username);
CREATE INDEX pbxusers_administrators_enabled_created ON pbxusers_administrators (disabled, created_at, folded_username);
CREATE INDEX pbxusers_administrators_enabled_updated ON pbxusers_administrators (disabled, updated_at, folded_username);
CREATE INDEX pbxusers_administrators_enabled_login ON pbxusers_administrators (disabled, last_login_at, folded_username);

CREATE INDEX pbxusers_administrators_both ON pbxusers_administrators (access, disabled, folded_username);
CREATE INDEX pbxusers_administrators_both_created ON pbxusers_administrators (access, disabled, created_at, folded_username);
CREATE INDEX pbxusers_administrators_both_updated ON pbxusers_administrators (access, disabled, updated_at, folded_username);
CREATE INDEX pbxusers_administrators_both_login ON pbxusers_administrators (access, disabled, last_login_at, folded_username);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_administrators;
-- +goose StatementEnd
