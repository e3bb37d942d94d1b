package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// userIndex has what determines the rows of a user in the tables of extensions,
// memberships and login names.
type userIndex struct {
	extensions, groups, logins []string
	deleted                    bool
}

func indexOf(u *userman.User) userIndex {
	return userIndex{extensionsOf(u), slices.Clone(u.Groups), []string{u.Username, u.Email, u.DefaultExtension}, isDeleted(u)}
}

func (i userIndex) equal(other userIndex) bool {
	return slices.Equal(i.extensions, other.extensions) && slices.Equal(i.groups, other.groups) &&
		slices.Equal(i.logins, other.logins) && i.deleted == other.deleted
}

// extensionsOf returns default and linked extensions, sorted and without
// duplicates.
func extensionsOf(u *userman.User) []string {
	extensions := slices.Clone(u.LinkedExtensions)
	if u.DefaultExtension != "" {
		extensions = append(extensions, u.DefaultExtension)
	}
	slices.Sort(extensions)
	return slices.Compact(extensions)
}

// resolveGroups sets the stored names of the groups of u, without duplicates, and
// returns them folded. It returns an error if a group does not exist.
func (m userStore) resolveGroups(ctx context.Context, q querier, u *userman.User) (folded []string, err error) {
	if len(u.Groups) == 0 {
		return nil, nil
	}
	for _, name := range u.Groups {
		if key := userman.FoldGroupName(name); !slices.Contains(folded, key) {
			folded = append(folded, key)
		}
	}
	text := "SELECT folded_name, name FROM pbxusers_groups WHERE team = ? AND folded_name IN (" + placeholders(len(folded)) + ")"
	names := map[string]string{}
	_, err = query(ctx, m.DB, q, "read groups", text, append([]any{m.team}, toAny(folded)...), func(row scanner) (_ struct{}, err error) {
		var key, name string
		err = row.Scan(&key, &name)
		names[key] = name
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	if len(names) < len(folded) {
		return nil, &store.NotFoundError{Kind: userman.KindGroup}
	}
	u.Groups = make([]string, len(folded))
	for i, key := range folded {
		u.Groups[i] = names[key]
	}
	return folded, nil
}

// index adds a user to the tables of extensions, memberships and login names.
func (m userStore) index(ctx context.Context, q querier, u *userman.User, foldedGroups []string, names []userman.LoginName) error {
	extensionList := extensionsOf(u)
	extensions := make([]any, 0, 3*len(extensionList))
	for _, extension := range extensionList {
		extensions = append(extensions, m.team, u.ID, extension)
	}
	memberships := make([]any, 0, 4*len(foldedGroups))
	for _, group := range foldedGroups {
		memberships = append(memberships, m.team, u.ID, group, isDeleted(u))
	}
	logins := make([]any, 0, 3*len(names))
	for _, name := range names {
		logins = append(logins, m.team, name.Folded, u.ID)
	}
	if err := m.insertRows(ctx, q, "pbxusers_user_extensions (team, user_id, extension)", 3, extensions); err != nil {
		return err
	}
	if err := m.insertRows(ctx, q, intoLoginNames, 3, logins); err != nil {
		return err
	}
	return m.insertRows(ctx, q, "pbxusers_memberships (team, user_id, folded_group, deleted)", 4, memberships)
}

// insertRows inserts rows of n values each in one statement.
func (m userStore) insertRows(ctx context.Context, q querier, into string, n int, values []any) error {
	if len(values) == 0 {
		return nil
	}
	rows := strings.Repeat("("+placeholders(n)+"), ", len(values)/n-1) + "(" + placeholders(n) + ")"
	_, err := q.ExecContext(ctx, "INSERT INTO "+into+" VALUES "+rows, values...)
	return m.wrapError(ctx, "write user", err)
}

// reindex is index for an existing user.
func (m userStore) reindex(ctx context.Context, q querier, u *userman.User, foldedGroups []string, names []userman.LoginName) error {
	for _, table := range []string{"pbxusers_user_extensions", "pbxusers_memberships", "pbxusers_login_names"} {
		if _, err := q.ExecContext(ctx, "DELETE FROM "+table+" WHERE team = ? AND user_id = ?", m.team, u.ID); err != nil {
			return m.wrapError(ctx, "write user", err)
		}
	}
	return m.index(ctx, q, u, foldedGroups, names)
}
