package sqlstore

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// pictureBatch is the number of pictures in memory.
const pictureBatch = 20

// userRows is a table with rows of users, sorted by team and user.
type userRows struct {
	*rowReader
	// expected returns the rows of a user, sorted by key.
	expected func(team string, u *userman.User) []storedRow
	// stored returns what is compared with the expected row.
	stored func(row storedRow) storedRow
}

func (c *integrityCheck) userRowTables(loginFields map[string]userman.LoginFields) []*userRows {
	read := func(table string, keyLen, batch int, columns ...string) *rowReader {
		return &rowReader{db: c.DB, q: c.q, table: table, columns: columns, keyLen: keyLen, batch: batch}
	}
	asStored := func(row storedRow) storedRow { return row }
	return []*userRows{
		{
			rowReader: read("pbxusers_user_extensions", 3, iterationBatch, "team", "user_id", "extension"),
			expected:  expectedExtensions, stored: asStored,
		},
		{
			rowReader: read("pbxusers_memberships", 3, iterationBatch, "team", "user_id", "folded_group", "deleted"),
			expected:  expectedMemberships, stored: asStored,
		},
		{
			rowReader: read("pbxusers_pictures", 2, pictureBatch, "team", "user_id", "picture"),
			expected:  expectedPictures, stored: pictureVersion,
		},
		{
			rowReader: read("pbxusers_login_names", 3, iterationBatch, "team", "user_id", "folded_name"),
			expected:  func(team string, u *userman.User) []storedRow { return expectedLoginNames(team, u, loginFields[team]) }, stored: asStored,
		},
	}
}

func expectedExtensions(team string, u *userman.User) []storedRow {
	var rows []storedRow
	for _, extension := range extensionsOf(u) {
		rows = append(rows, storedRow{team, string(u.ID), extension})
	}
	return rows
}

func expectedMemberships(team string, u *userman.User) []storedRow {
	folded := make([]string, len(u.Groups))
	for i, name := range u.Groups {
		folded[i] = userman.FoldGroupName(name)
	}
	slices.Sort(folded)
	var rows []storedRow
	for _, group := range slices.Compact(folded) {
		rows = append(rows, storedRow{team, string(u.ID), group, isDeleted(u)})
	}
	return rows
}

// expectedPictures returns a row with the version of the picture.
func expectedPictures(team string, u *userman.User) []storedRow {
	if u.Picture == "" {
		return nil
	}
	return []storedRow{{team, string(u.ID), u.Picture}}
}

func expectedLoginNames(team string, u *userman.User, fields userman.LoginFields) []storedRow {
	var rows []storedRow
	for _, name := range fields.LoginNames(u) {
		rows = append(rows, storedRow{team, string(u.ID), name.Folded})
	}
	slices.SortFunc(rows, func(a, b storedRow) int { return compareKeys(a, b, 3) })
	return rows
}

// checkLoginFields returns the login fields of each team.
func (c *integrityCheck) checkLoginFields(ctx context.Context) (map[string]userman.LoginFields, error) {
	fields := map[string]userman.LoginFields{}
	err := checkRecords(ctx, c, recordTable[userman.LoginFields]{
		table: table{name: "pbxusers_login_fields", columns: []string{"team", "email", "default_extension"}},
		decoder: func() func(scanner) (userman.LoginFields, error) {
			return func(row scanner) (found userman.LoginFields, err error) {
				err = row.Scan(new(string), flag{&found.Email, "email"}, flag{&found.DefaultExtension, "default_extension"})
				return found, err
			}
		},
		encode: func(row storedRow, f userman.LoginFields) ([]any, error) {
			return []any{row[0], f.Email, f.DefaultExtension}, nil
		},
		kind: func(userman.LoginFields) string { return userman.KindLoginNames },
		key:  func(userman.LoginFields) string { return "users" },
	}, func(_ context.Context, row storedRow, f userman.LoginFields) error {
		if fields[row.text(0)] = f; f.IsZero() {
			c.report(newFinding(audit.CodeRowAdded, userman.KindLoginNames, row.text(0), "a row without a login field was added outside this program"))
		}
		return nil
	})
	return fields, err
}

// pictureVersion replaces a picture by its version.
func pictureVersion(row storedRow) storedRow {
	picture, _ := row[2].([]byte)
	return storedRow{row[0], row[1], userman.PictureVersion(picture)}
}

// checkUsers also compares the rows of each user in other tables.
func (c *integrityCheck) checkUsers(ctx context.Context) error {
	loginFields, err := c.checkLoginFields(ctx)
	if err != nil {
		return err
	}
	tables := c.userRowTables(loginFields)
	err = checkRecords(ctx, c, recordTable[*userman.User]{
		table: userTable(), decoder: func() func(scanner) (*userman.User, error) { return c.userDecoder().decode },
		encode: func(row storedRow, u *userman.User) ([]any, error) {
			return userStore{teamStore{c.DB, row.text(0)}}.encodeUser(u)
		},
		kind: userKind, key: userKey,
	}, func(ctx context.Context, row storedRow, u *userman.User) error {
		for _, t := range tables {
			if err := c.matchRows(ctx, t, row.text(0), u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := c.reportOrphans(ctx, t, nil); err != nil {
			return err
		}
	}
	return nil
}

// userKind returns the kind of a user in the audit log.
func userKind(u *userman.User) string {
	if u != nil && isDeleted(u) {
		return userman.KindDeletedUser
	}
	return userman.KindUser
}

// userKey returns the key of a user in the audit log, without the team.
func userKey(u *userman.User) string {
	if isDeleted(u) {
		return string(u.ID)
	}
	return u.Username
}

// reportOrphans reports the rows before those of owner, whose user does not exist or
// cannot be read. owner is nil after the last user.
func (c *integrityCheck) reportOrphans(ctx context.Context, t *userRows, owner storedRow) error {
	for {
		row, err := t.peek(ctx)
		if err != nil || row == nil || owner != nil && compareKeys(row, owner, 2) >= 0 {
			return err
		}
		t.next()
		c.report(newFinding(audit.CodeRowAdded, userman.KindUser, audit.TeamKey(row.text(0), row.text(1)),
			"a row of "+t.table+" belongs to no user that can be read: it was added outside this program"))
	}
}

// matchRows compares the rows of a user in one table with those that its record
// requires.
func (c *integrityCheck) matchRows(ctx context.Context, t *userRows, team string, u *userman.User) error {
	owner := storedRow{team, string(u.ID)}
	if err := c.reportOrphans(ctx, t, owner); err != nil {
		return err
	}
	report := func(code, message string) {
		c.report(newFinding(code, userKind(u), audit.TeamKey(team, userKey(u)), message))
	}
	for expected := t.expected(team, u); ; {
		row, err := t.peek(ctx)
		if err != nil {
			return err
		}
		ofUser := row != nil && compareKeys(row, owner, 2) == 0
		switch {
		case !ofUser && len(expected) == 0:
			return nil
		case !ofUser || len(expected) > 0 && compareKeys(expected[0], row, t.keyLen) < 0:
			report(audit.CodeRowMissing, "a row of "+t.table+" is missing: it was deleted outside this program")
			expected = expected[1:]
		case len(expected) == 0 || compareKeys(expected[0], row, t.keyLen) > 0:
			report(audit.CodeRowAdded, "a row of "+t.table+" does not belong to the record: it was added outside this program")
			t.next()
		default:
			if columns := differingColumns(t.columns, t.stored(row), expected[0]); len(columns) > 0 {
				report(audit.CodeRowModified, modifiedMessage(t.table, columns))
			}
			expected = expected[1:]
			t.next()
		}
	}
}
