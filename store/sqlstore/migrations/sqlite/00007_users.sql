-- +goose Up
-- +goose StatementBegin
-- Users. Every query of a table with a team is limited to one team.
CREATE TABLE pbxusers_users (
    team                    TEXT    NOT NULL,
    id                      TEXT    NOT NULL,
    username                TEXT    NOT NULL,
    description             TEXT    NOT NULL,
    title                   TEXT    NOT NULL,
    company                 TEXT    NOT NULL,
    department              TEXT    NOT NULL,
    first_name              TEXT    NOT NULL,
    last_name               TEXT    NOT NULL,
    display_name            TEXT    NOT NULL,
    email                   TEXT    NOT NULL,
    email_blocked           INTEGER NOT NULL,
    -- JSON list.
    other_emails            TEXT    NOT NULL,
    cell_phone              TEXT    NOT NULL,
    home_phone              TEXT    NOT NULL,
    work_phone              TEXT    NOT NULL,
    fax                     TEXT    NOT NULL,
    language                TEXT    NOT NULL,
    time_zone               TEXT    NOT NULL,
    default_extension       TEXT    NOT NULL,
    -- JSON lists. The tables below index their elements. Groups are stored by
    -- name.
    linked_extensions       TEXT    NOT NULL,
    group_names             TEXT    NOT NULL,
    -- JSON, as in the API.
    permissions             TEXT    NOT NULL,
    disabled                INTEGER NOT NULL,
    must_change_password    INTEGER NOT NULL,
    directory               TEXT    NOT NULL,
    external_id             TEXT    NOT NULL,
    picture                 TEXT    NOT NULL,
    -- Credentials, as in pbxusers_administrators. The secret is sealed for
    -- pbxusers_users/<team>/<id>/second_factor.
    password_hash           TEXT    NOT NULL,
    second_factor           BLOB,
    second_factor_confirmed INTEGER NOT NULL,
    second_factor_step      INTEGER NOT NULL,
    recovery_hashes         TEXT    NOT NULL,
    invitation_hash         BLOB,
    invitation_expires_at   INTEGER,
    devices                 TEXT    NOT NULL,
    password_creator        TEXT    NOT NULL,
    second_factor_creator   TEXT    NOT NULL,
    invitation_creator      TEXT    NOT NULL,
    -- As for the invitation.
    activation_hash         BLOB,
    activation_expires_at   INTEGER,
    activation_creator      TEXT    NOT NULL,
    -- The administrator who set the email, as for a credential.
    email_creator           TEXT    NOT NULL,
    session_epoch           INTEGER NOT NULL,
    -- Microseconds since 1970 in UTC; never is the first instant of the year 1.
    created_at              INTEGER NOT NULL,
    updated_at              INTEGER NOT NULL,
    password_changed_at     INTEGER NOT NULL,
    last_login_at           INTEGER NOT NULL,
    welcomed_at             INTEGER NOT NULL,
    missing_since           INTEGER NOT NULL,
    deleted_at              INTEGER NOT NULL,
    -- Whether deleted_at is set, for indexes.
    deleted                 INTEGER NOT NULL,
    -- userman.FoldUsername, userman.FoldSearch, and userman.SearchText.
    folded_username         TEXT    NOT NULL,
    folded_last_name        TEXT    NOT NULL,
    folded_email            TEXT    NOT NULL,
    search_text             TEXT    NOT NULL,
    -- Values that must be unique; NULL if empty or if the user is deleted.
    unique_username         TEXT,
    unique_extension        TEXT,
    unique_external_id      TEXT,
    PRIMARY KEY (team, id),
    UNIQUE (team, unique_username),
    UNIQUE (team, unique_extension),
    UNIQUE (team, directory, unique_external_id),
    UNIQUE (team, invitation_hash),
    UNIQUE (team, activation_hash)
) STRICT;

-- One index for each sort order, so that no page needs a sort.
CREATE INDEX pbxusers_users_username ON pbxusers_users (team, deleted, folded_username, id, disabled, directory, welcomed_at, search_text);
CREATE INDEX pbxusers_users_extension ON pbxusers_users (team, deleted, default_extension, folded_username, id);
CREATE INDEX pbxusers_users_last_name ON pbxusers_users (team, deleted, folded_last_name, folded_username, id);
CREATE INDEX pbxusers_users_created ON pbxusers_users (team, deleted, created_at, folded_username, id);
CREATE INDEX pbxusers_users_updated ON pbxusers_users (team, deleted, updated_at, folded_username, id);
CREATE INDEX pbxusers_users_login ON pbxusers_users (team, deleted, last_login_at, folded_username, id);
CREATE INDEX pbxusers_users_email ON pbxusers_users (team, deleted, folded_email, folded_username, id);

-- The users of each extension, default or linked.
CREATE TABLE pbxusers_user_extensions (
    team      TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    extension TEXT NOT NULL,
    PRIMARY KEY (team, user_id, extension),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_users (team, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX pbxusers_user_extensions_owner ON pbxusers_user_extensions (team, extension, user_id);

-- The fields that are login names in addition to the username. A team for which
-- the username is the only login name has no row.
CREATE TABLE pbxusers_login_fields (
    team              TEXT    NOT NULL PRIMARY KEY,
    email             INTEGER NOT NULL,
    default_extension INTEGER NOT NULL
) STRICT;

-- The login names of the users who are not deleted, in teams with a row in
-- pbxusers_login_fields: userman.FoldLoginName of the username and of these fields.
CREATE TABLE pbxusers_login_names (
    team        TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    PRIMARY KEY (team, folded_name),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_users (team, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX pbxusers_login_names_user ON pbxusers_login_names (team, user_id);

CREATE TABLE pbxusers_groups (
    team        TEXT    NOT NULL,
    -- userman.FoldGroupName of name.
    folded_name TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    priority    INTEGER NOT NULL,
    is_default  INTEGER NOT NULL,
    -- JSON, as in the API.
    permissions TEXT    NOT NULL,
    directory   TEXT    NOT NULL,
    -- Microseconds since 1970 in UTC.
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (team, folded_name)
) STRICT;
CREATE INDEX pbxusers_groups_priority ON pbxusers_groups (team, priority, folded_name);

-- One row for each team that ever had a group. Every write to a group draws a new
-- random number, so that a rolled back transaction does not reuse a revision.
CREATE TABLE pbxusers_group_revisions (
    team     TEXT    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    -- Nothing, sealed by the keyring for
    -- pbxusers_group_revisions/<team>/<revision>: it proves the row.
    seal     BLOB    NOT NULL
) STRICT;

-- The members of each group; deleted is that of the user.
CREATE TABLE pbxusers_memberships (
    team         TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    folded_group TEXT    NOT NULL,
    deleted      INTEGER NOT NULL,
    PRIMARY KEY (team, user_id, folded_group),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_users (team, id) ON DELETE CASCADE,
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
    -- Networks in CIDR form, separated by commas.
    addresses         TEXT    NOT NULL,
    requests_per_hour INTEGER NOT NULL,
    -- SHA-256 of the key; NULL if a grant revoked the key.
    key_hash          BLOB,
    -- The administrator who may know the key, as for a credential.
    key_creator       TEXT    NOT NULL,
    -- Microseconds since 1970 in UTC; never is the first instant of the year 1.
    expires_at        INTEGER NOT NULL,
    hour_started_at   INTEGER NOT NULL,
    hour_requests     INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    key_created_at    INTEGER NOT NULL,
    last_used_at      INTEGER NOT NULL,
    PRIMARY KEY (team, id),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_users (team, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX pbxusers_tokens_user ON pbxusers_tokens (team, user_id, id);

-- Apart from the users, which are read more often.
CREATE TABLE pbxusers_pictures (
    team    TEXT NOT NULL,
    user_id TEXT NOT NULL,
    picture BLOB NOT NULL,
    PRIMARY KEY (team, user_id),
    FOREIGN KEY (team, user_id) REFERENCES pbxusers_users (team, id) ON DELETE CASCADE
) STRICT;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE pbxusers_pictures;
DROP TABLE pbxusers_tokens;
DROP TABLE pbxusers_memberships;
DROP TABLE pbxusers_group_revisions;
DROP TABLE pbxusers_groups;
DROP TABLE pbxusers_login_names;
DROP TABLE pbxusers_login_fields;
DROP TABLE pbxusers_user_extensions;
DROP TABLE pbxusers_users;
-- +goose StatementEnd
