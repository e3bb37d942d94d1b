-- +goose Up
-- +goose StatementBegin
-- The users who cannot log in are counted on each visit of the overview.
CREATE INDEX pbxusers_users_no_password ON pbxusers_users (team, deleted, disabled, folded_username, id) WHERE password_hash = '' AND directory = '';
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP INDEX pbxusers_users_no_password;
-- +goose StatementEnd
