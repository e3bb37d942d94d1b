-- +goose Up
-- People. Whatever has a team is found within it only.
CREATE TABLE pbxusers_people (
    team                TEXT    NOT NULL,
    id                  TEXT    NOT NULL,
    username            TEXT    NOT NULL,
    description         TEXT    NOT NULL,
    title               TEXT    NOT NULL,
    company             TEXT    NOT NULL,
    department          TEXT    NOT NULL,
    first_name          TEXT    NOT NULL,
    last_name           TEXT    NOT NULL,
    display_name        TEXT    NOT NULL,
    email               TEXT    NOT NULL,
    -- JSON list.
    other_emails      TEXT    NOT NULL,
    cell_phone          TEXT    NOT NULL,
    home_phone          TEXT    NOT NULL,
    work_phone          TEXT    NOT NULL,
    fax                 TEXT    NOT NULL,
    language            TEXT    NOT NULL,
    time_zone           TEXT    NOT NULL,
    default_extension   TEXT    NOT NULL,
    -- JSON lists; the tables below find by what is in them. Groups are as they
    -- are named.
    linked_extensions   TEXT    NOT NULL,
    group_names         TEXT    NOT NULL,
    -- JSON as the API shows it.
    permissions         TEXT    NOT NULL,
    disabled            INTEGER NOT NULL,
    must_change_password INTEGER NOT NULL,
    directory           TEXT    NOT NULL,
    external_id         TEXT    NOT NULL,
    picture             TEXT    NOT NULL,
    -- What somebody logs in with, as administrators have it; the secret is
    -- sealed for pbxusers_people/<team>/<id>/second_factor.
    password_hash       TEXT    NOT NULL,
    second_factor       BLOB,
    second_factor_confirmed INTEGER NOT NULL,
    second_factor_step  INTEGER NOT NULL,
    recovery_hashes     TEXT    NOT NULL,
    invitation_hash     BLOB,
    invitation_expires  INTEGER,
    devices             TEXT    NOT NULL,
    -- As those of the invitation.
    activation_hash     BLOB,
    activation_expires  INTEGER,
    session_generation  INTEGER NOT NULL,
    -- Microseconds since 1970 in UTC; never is the first instant of the year 1.
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL,
    last_login_at       INTEGER NOT NULL,
    welcomed_at         INTEGER NOT NULL,
    welcome_begun_at    INTEGER NOT NULL,
    missing_since       INTEGER NOT NULL,
    deleted_at          INTEGER NOT NULL,
    -- Whether deleted_at is a time, for indexes.
    deleted             INTEGER NOT NULL,
    -- userman.FoldUsername, userman.FoldSearch, and userman.SearchText.
    folded_username     TEXT    NOT NULL,
    folded_last_name    TEXT    NOT NULL,
    folded_email        TEXT    NOT NULL,
    searched            TEXT    NOT NULL,
    -- What others cannot have: NULL when there is none, and of the deleted.
    taken_username      TEXT,
    taken_extension     TEXT,
    taken_external_id   TEXT,
    PRIMARY KEY (team, id),
    UNIQUE (team, taken_username),
    UNIQUE (team, taken_extension),
    UNIQUE (team, directory, taken_external_id),
    UNIQUE (team, invitation_hash),
    UNIQUE (team, activation_hash)
) STRICT;

-- Each order, so that no page is sorted.
CREATE INDEX pbxusers_people_username ON pbxusers_people (team, deleted, folded_username, id, searched);
CREATE INDEX pbxusers_people_extension ON pbxusers_people (team, deleted, default_extension, folded_username, id);
CREATE INDEX pbxusers_people_last_name ON pbxusers_people (team, deleted, folded_last_name, folded_username, id);
CREATE INDEX pbxusers_people_created ON pbxusers_people (team, deleted, created_at, folded_username, id);
CREATE INDEX pbxusers_people_updated ON pbxusers_people (team, deleted, updated_at, folded_username, id);
CREATE INDEX pbxusers_people_login ON pbxusers_people (team, deleted, last_login_at, folded_username, id);
CREATE INDEX pbxusers_people_email ON pbxusers_people (team, deleted, folded_email, folded_username, id);

-- Whose an extension is, default or linked.
CREATE TABLE pbxusers_people_extensions (
    team      TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    extension TEXT NOT NULL,
    PRIMARY KEY (team, user_id, extension),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_people (team, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX pbxusers_people_extensions_owner ON pbxusers_people_extensions (team, extension, user_id);

CREATE TABLE pbxusers_groups (
    team        TEXT    NOT NULL,
    -- userman.FoldGroupName of name.
    folded_name TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    priority    INTEGER NOT NULL,
    is_default  INTEGER NOT NULL,
    -- JSON as the API shows it.
    permissions TEXT    NOT NULL,
    directory   TEXT    NOT NULL,
    -- Microseconds since 1970 in UTC.
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (team, folded_name)
) STRICT;
CREATE INDEX pbxusers_groups_priority ON pbxusers_groups (team, priority, folded_name);

-- One row for each team that ever had a group: a number drawn at random with
-- each write to any of them, so that not even a transaction that was undone
-- leaves one that comes back.
CREATE TABLE pbxusers_group_revisions (
    team     TEXT    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT;

-- Who is in a group; deleted is that of the person.
CREATE TABLE pbxusers_memberships (
    team         TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    folded_group TEXT    NOT NULL,
    deleted      INTEGER NOT NULL,
    PRIMARY KEY (team, user_id, folded_group),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_people (team, id) ON DELETE CASCADE,
    FOREIGN KEY (team, folded_group) REFERENCES pbxusers_groups (team, folded_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX pbxusers_memberships_group ON pbxusers_memberships (team, folded_group, deleted, user_id);

CREATE TABLE pbxusers_tokens (
    team              TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    user_id           TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    disabled          INTEGER NOT NULL,
    -- JSON lists.
    extensions        TEXT    NOT NULL,
    modules           TEXT    NOT NULL,
    -- Networks in CIDR form with commas between.
    addresses         TEXT    NOT NULL,
    requests_per_hour INTEGER NOT NULL,
    -- SHA-256 of the key.
    key_hash          BLOB,
    -- Microseconds since 1970 in UTC; never is the first instant of the year 1.
    expires_at        INTEGER NOT NULL,
    hour_started_at   INTEGER NOT NULL,
    hour_requests     INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    key_made_at       INTEGER NOT NULL,
    last_used_at      INTEGER NOT NULL,
    PRIMARY KEY (team, id),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_people (team, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX pbxusers_tokens_user ON pbxusers_tokens (team, user_id, id);

-- Beside the people, who are read often.
CREATE TABLE pbxusers_pictures (
    team    TEXT NOT NULL,
    user_id TEXT NOT NULL,
    picture BLOB NOT NULL,
    PRIMARY KEY (team, user_id),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_people (team, id) ON DELETE CASCADE
) STRICT;

-- +goose Down
DROP TABLE pbxusers_pictures;
DROP TABLE pbxusers_tokens;
DROP TABLE pbxusers_memberships;
DROP TABLE pbxusers_group_revisions;
DROP TABLE pbxusers_groups;
DROP TABLE pbxusers_people_extensions;
DROP TABLE pbxusers_people;
