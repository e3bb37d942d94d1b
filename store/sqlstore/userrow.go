package sqlstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func userTable() table {
	return table{
		name: "pbxusers_users", keyLen: 2,
		columns: slices.Concat([]string{"team", "id"}, userman.Fields().Columns(), []string{
			"group_names", "permissions", "directory", "picture", "session_epoch",
		}, userTimeColumns(), credentialColumns(), []string{"activation_hash", "activation_expires_at", "activation_creator", "email_creator"}),
		derived: []string{
			"deleted", "folded_username", "folded_last_name", "folded_email", "search_text",
			"unique_username", "unique_extension", "unique_external_id",
		},
	}
}

func userTimeColumns() []string {
	return []string{
		"created_at", "updated_at", "password_changed_at", "last_login_at",
		"welcomed_at", "missing_since", "deleted_at",
	}
}

// userTimes returns pointers to the times of u in the order of userTimeColumns.
func userTimes(u *userman.User) []*time.Time {
	return []*time.Time{
		&u.CreatedAt, &u.UpdatedAt, &u.PasswordChangedAt, &u.LastLoginAt,
		&u.WelcomedAt, &u.MissingSince, &u.DeletedAt,
	}
}

// userSealContext is the encryption context of the secret of a second factor.
func userSealContext(team string, id store.UserID) string {
	return "pbxusers_users/" + team + "/" + string(id) + "/second_factor"
}

// encodeUser returns the values of the columns of userTable.
func (m userStore) encodeUser(u *userman.User) ([]any, error) {
	groups, groupsErr := encodeList(u.Groups)
	permissions, permissionsErr := encodePermissions(u.Permissions)
	if err := errors.Join(groupsErr, permissionsErr); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	values := append([]any{m.team, u.ID}, userman.Fields().Args(u)...)
	values = append(values, groups, permissions, u.Directory, u.Picture, u.SessionEpoch)
	for _, t := range userTimes(u) {
		values = append(values, t.UnixMicro())
	}
	values = append(values, m.encodeCredentials(&u.Credentials, userSealContext(m.team, u.ID))...)
	hash, expires, creator := encodeOneTimeToken(u.Activation)
	return append(append(values, hash, expires, creator, u.EmailCreator.String()), derivedUserColumns(u)...), nil
}

// derivedUserColumns returns the values of the derived columns of userTable.
func derivedUserColumns(u *userman.User) []any {
	folded := userman.FoldUsername(u.Username)
	values := []any{isDeleted(u), folded, userman.FoldSearch(u.LastName), userman.FoldSearch(u.Email), userman.SearchText(u)}
	if isDeleted(u) {
		return append(values, nil, nil, nil)
	}
	return append(values, folded, nullIfEmpty(u.DefaultExtension), nullIfEmpty(u.ExternalID))
}

// nullIfEmpty returns the value of a text: NULL if it is empty.
func nullIfEmpty(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// isDeleted checks DeletedAt in the precision of the database.
func isDeleted(u *userman.User) bool { return u.DeletedAt.UnixMicro() != zeroMicro() }

// zeroMicro is the stored zero time.
func zeroMicro() int64 { return time.Time{}.UnixMicro() }

func encodePermissions(grants permission.Permissions) (string, error) {
	if len(grants) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(grants)
	return string(text), err
}

// permissionDecoder decodes the permissions of one query, and shared permissions
// once.
type permissionDecoder map[string]permission.Permissions

func (d permissionDecoder) decode(text string) (permission.Permissions, error) {
	if text == "{}" {
		return nil, nil
	}
	known, ok := d[text]
	if !ok {
		if json.Unmarshal([]byte(text), &known) != nil {
			return nil, columnError("permissions")
		}
		d[text] = known
	}
	return maps.Clone(known), nil // values never change
}

// userDecoder decodes the rows of one query. It scans all rows into the same
// variables.
type userDecoder struct {
	lists  listDecoder
	shared permissionDecoder
	// columns are pointers to the following fields, in the order of userTable.
	columns             []any
	user                userman.User
	team                string
	groups, permissions string
	emailCreator        string
	times               micros
	credentials         credentialDecoder
	activation          oneTimeTokenColumns
}

func (db *DB) userDecoder() *userDecoder {
	d := &userDecoder{
		lists: listDecoder{}, shared: permissionDecoder{}, times: make(micros, len(userTimeColumns())),
		credentials: credentialDecoder{keyring: db.keyring},
	}
	u := &d.user
	d.columns = slices.Concat([]any{&d.team, &u.ID}, userman.Fields().Targets(u), []any{
		&d.groups, &d.permissions, &u.Directory, &u.Picture, &u.SessionEpoch,
	}, d.times.columns(), d.credentials.columns(), []any{
		&d.activation.hash, &d.activation.expires, &d.activation.creator, &d.emailCreator,
	})
	return d
}

// decode decodes one row of the columns of userTable.
func (d *userDecoder) decode(row scanner) (*userman.User, error) {
	if err := row.Scan(d.columns...); err != nil {
		return nil, err
	}
	return d.build()
}

// build returns the user of the scanned columns.
func (d *userDecoder) build() (*userman.User, error) {
	u := d.user
	d.times.decode(userTimes(&u)...)
	activation, activationErr := d.activation.decode("activation_creator")
	emailCreator, emailErr := decodeCreator("email_creator", d.emailCreator)
	u.Activation, u.EmailCreator = activation, emailCreator
	sealContext := func() string { return userSealContext(d.team, u.ID) }
	if err := errors.Join(activationErr, emailErr, d.decodeLists(&u), d.credentials.decode(&u.Credentials, sealContext)); err != nil {
		return nil, fmt.Errorf("user %q: %w", u.Username, err)
	}
	return &u, nil
}

func (d *userDecoder) decodeLists(u *userman.User) (err error) {
	if u.Groups, err = d.lists.decode("group_names", d.groups); err != nil {
		return err
	}
	u.Permissions, err = d.shared.decode(d.permissions)
	return err
}
