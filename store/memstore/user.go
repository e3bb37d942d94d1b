package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
)

func userNotFound() error { return &store.NotFoundError{Kind: userman.KindUser} }

func (t *team) user(id store.UserID) (*userman.User, error) {
	return cloneRecord(&t.users, string(id), userman.KindUser, (*userman.User).Clone)
}

// CreateUser implements [userman.Store].
func (m userStore) CreateUser(ctx context.Context, u *userman.User) error {
	return m.writeTeam(ctx, func(t *team) error {
		if _, found := t.users.get(string(u.ID)); found {
			return &store.AlreadyExistsError{Kind: userman.KindUser, Field: "id"}
		}
		return t.putUser(storedUser(u))
	})
}

// User implements [userman.Store].
func (m userStore) User(ctx context.Context, id store.UserID) (u *userman.User, err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		u, err = t.user(id)
		return err
	})
	return u, err
}

// FindUser implements [userman.Store].
func (m userStore) FindUser(ctx context.Context, key userman.UserLookup) (u *userman.User, err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		id, found := t.findUser(key)
		if !found {
			return userNotFound()
		}
		u, err = t.user(id)
		return err
	})
	return u, err
}

// findUser returns the ID of the user with that key who is not deleted.
func (t *team) findUser(key userman.UserLookup) (id store.UserID, found bool) {
	switch {
	case key.Username != "":
		return t.usernames.get(userman.FoldUsername(key.Username))
	case key.DefaultExtension != "":
		return t.extensions.get(key.DefaultExtension)
	case key.ExternalID != "":
		return t.externalIDs.get(externalKey(key.Directory, key.ExternalID))
	case key.LoginName != "":
		return t.loginNames.get(key.LoginName)
	case len(key.InvitationHash) > 0:
		return t.findByTokenHash(key.InvitationHash, func(u *userman.User) *credential.OneTimeToken { return u.Credentials.Invitation })
	case len(key.ActivationHash) > 0:
		return t.findByTokenHash(key.ActivationHash, func(u *userman.User) *credential.OneTimeToken { return u.Activation })
	}
	return "", false
}

func (t *team) findByTokenHash(hash []byte, tokenOf func(*userman.User) *credential.OneTimeToken) (id store.UserID, found bool) {
	for _, row := range t.users.rows {
		if token := tokenOf(row.value); token != nil && row.value.DeletedAt.IsZero() && bytes.Equal(token.TokenHash, hash) {
			return store.UserID(row.key), true
		}
	}
	return "", false
}

// externalKey returns the key of the table, unique for each pair.
func externalKey(directory, id string) string { return ttlKey(directory, id) }

// UpdateUser implements [userman.Store].
func (m userStore) UpdateUser(ctx context.Context, id store.UserID, edit func(*userman.User) error) error {
	read := func(t *team) (*userman.User, error) { return t.user(id) }
	return updateRecord(ctx, m.teamStore, read, edit, func(t *team, u *userman.User) error {
		u.ID = id
		return t.putUser(storedUser(u))
	})
}

// DeleteUser implements [userman.Store].
func (m userStore) DeleteUser(ctx context.Context, id store.UserID) error {
	return m.writeTeam(ctx, func(t *team) error {
		before, found := t.users.get(string(id))
		if !found {
			return userNotFound()
		}
		t.users.remove(string(id))
		for _, name := range t.uniques(before) {
			name.owners.remove(name.value)
		}
		t.tokens.removeAll(func(token *apitoken.Token) bool { return token.UserID == id })
		t.pictures.remove(string(id))
		t.mails.removeAll(func(mail mailqueue.Mail) bool { return mail.UserID == id })
		return nil
	})
}

// EachUser implements [userman.Store].
func (m userStore) EachUser(ctx context.Context, visit func(*userman.User) error) error {
	all := func(s *state) *table[*userman.User] { return &m.teamState(s).users }
	return forEach(ctx, m.DB, all, (*userman.User).Clone, visit)
}

// unique is a unique value of a user.
type unique struct {
	field, value string
	owners       *table[store.UserID]
	loginName    bool
}

func (u unique) exists() error {
	return &store.AlreadyExistsError{Kind: userman.KindUser, Field: u.field, LoginName: u.loginName}
}

// uniques returns the unique values of u; none if u is deleted.
func (t *team) uniques(u *userman.User) []unique {
	if !u.DeletedAt.IsZero() {
		return nil
	}
	uniques := []unique{{field: "username", value: userman.FoldUsername(u.Username), owners: &t.usernames}}
	if u.DefaultExtension != "" {
		uniques = append(uniques, unique{field: "default_extension", value: u.DefaultExtension, owners: &t.extensions})
	}
	if u.ExternalID != "" {
		uniques = append(uniques, unique{field: "external_id", value: externalKey(u.Directory, u.ExternalID), owners: &t.externalIDs})
	}
	return append(uniques, t.loginNamesOf(u)...)
}

// loginNamesOf returns the login names of u.
func (t *team) loginNamesOf(u *userman.User) []unique {
	var names []unique
	for _, name := range t.loginFields.LoginNames(u) {
		names = append(names, unique{name.Field, name.Folded, &t.loginNames, true})
	}
	return names
}

// putUser puts u, and replaces the user with the same ID.
func (t *team) putUser(u *userman.User) error {
	groups, err := t.groupNames(u.Groups)
	if err != nil {
		return err
	}
	u.Groups = groups
	for _, name := range t.uniques(u) {
		if owner, taken := name.owners.get(name.value); taken && owner != u.ID {
			return name.exists()
		}
	}
	if before, found := t.users.get(string(u.ID)); found {
		for _, name := range t.uniques(before) {
			name.owners.remove(name.value)
		}
	}
	for _, name := range t.uniques(u) {
		name.owners.put(name.value, u.ID)
	}
	t.users.put(string(u.ID), u)
	return nil
}

// LoginFields implements [userman.Store].
func (m userStore) LoginFields(ctx context.Context) (fields userman.LoginFields, err error) {
	err = m.readTeam(ctx, func(t *team) error {
		fields = t.loginFields
		return nil
	})
	return fields, err
}

// SetLoginFields implements [userman.Store].
func (m userStore) SetLoginFields(ctx context.Context, fields userman.LoginFields) error {
	return m.writeTeam(ctx, func(t *team) error {
		next := team{loginFields: fields}
		for _, row := range t.users.rows {
			for _, name := range next.loginNamesOf(row.value) {
				if _, taken := name.owners.get(name.value); taken {
					return name.exists()
				}
				name.owners.put(name.value, row.value.ID)
			}
		}
		t.loginFields, t.loginNames = next.loginFields, next.loginNames
		return nil
	})
}

// storedUser returns a copy in the precision of a database.
func storedUser(u *userman.User) *userman.User {
	stored := u.Clone()
	stored.HasPassword, stored.ExternalPassword, stored.HasSecondFactor = false, false, false
	stored.InvitationExpiresAt, stored.PasswordExpiresAt = time.Time{}, time.Time{}
	truncateTimes(
		&stored.CreatedAt, &stored.UpdatedAt, &stored.PasswordChangedAt, &stored.LastLoginAt,
		&stored.WelcomedAt, &stored.MissingSince, &stored.DeletedAt,
	)
	truncateCredentials(&stored.Credentials)
	truncateOneTimeToken(stored.Activation)
	truncateTimes(&stored.EmailCreator.At)
	return stored
}
