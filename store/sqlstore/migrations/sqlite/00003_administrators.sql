-- +goose Up
CREATE TABLE pbxusers_administrators (
    -- ampusers.FoldUsername of username: what is unique, and what lists are
    -- sorted by.
    folded_username     TEXT    NOT NULL PRIMARY KEY,
    username            TEXT    NOT NULL,
    display_name        TEXT    NOT NULL,
    -- "full" or "limited".
    access              TEXT    NOT NULL,
    -- JSON lists of ids.
    sections            TEXT    NOT NULL,
    teams               TEXT    NOT NULL,
    -- Numbers and ranges with commas between; blank means all.
    extensions          TEXT    NOT NULL,
    dids                TEXT    NOT NULL,
    disabled            INTEGER NOT NULL,
    session_generation  INTEGER NOT NULL,
    -- The hash of the password with its costs; blank when there is none.
    password_hash       TEXT    NOT NULL,
    -- The secret of the authenticator app, sealed by the keyring for
    -- pbxusers_administrators/<folded_username>/second_factor; NULL when a
    -- password is enough, and then the three below say nothing.
    second_factor       BLOB,
    second_factor_confirmed INTEGER NOT NULL,
    second_factor_step  INTEGER NOT NULL,
    -- Hashes in base64 with commas between.
    recovery_hashes     TEXT    NOT NULL,
    -- SHA-256 of the token of the link with which a password may be set, and
    -- when it expires; NULL when there is none.
    invitation_hash     BLOB    UNIQUE,
    invitation_expires  INTEGER,
    -- Of each device the hash of its token in base64, a colon, and when it was
    -- used, as times are below; with commas between.
    devices             TEXT    NOT NULL,
    -- Lower case of all of Unicode, which SQLite cannot do: for searches.
    folded_display_name TEXT    NOT NULL,
    -- Microseconds since 1970 in UTC; never is the first instant of the year 1.
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL,
    last_login_at       INTEGER NOT NULL
) STRICT;

-- Each order, of all administrators and of those that each filter selects, so
-- that no page is sorted or searched for.
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

-- +goose Down
DROP TABLE pbxusers_administrators;
