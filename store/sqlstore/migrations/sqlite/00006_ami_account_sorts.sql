-- +goose Up
-- +goose StatementBegin
-- The sort orders of lists other than by name.
CREATE INDEX pbxusers_ami_accounts_created ON pbxusers_ami_accounts (created_at, folded_name);
CREATE INDEX pbxusers_ami_accounts_updated ON pbxusers_ami_accounts (updated_at, folded_name);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP INDEX pbxusers_ami_accounts_created;
DROP INDEX pbxusers_ami_accounts_updated;
-- +goose StatementEnd
