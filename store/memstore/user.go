package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func noUser() error { return &store.NotFoundError{Kind: userman.PersonRecord} }

func (t *team) user(id string) (*userman.User, error) {
	return copyOf(&t.users, id, userman.PersonRecord, (*userman.User).Clone)
}

// CreateUser implements [userman.Store].
func (m people) CreateUser(ctx context.Context, u *userman.User) error {
	return m.edit(ctx, func(t *team) error {
		if _, found := t.users.get(u.ID); found {
			return &store.ExistsError{Kind: userman.PersonRecord, Field: "id"}
		}
		return t.putUser(keptUser(u))
	})
}

// User implements [userman.Store].
func (m people) User(ctx context.Context, id string) (u *userman.User, err error) {
	err = m.view(ctx, func(t *team) (err error) {
		u, err = t.user(id)
		return err
	})
	return u, err
}

// FindUser implements [userman.Store].
func (m people) FindUser(ctx context.Context, key userman.UserKey) (u *userman.User, err error) {
	err = m.view(ctx, func(t *team) (err error) {
		id, found := t.findUser(key)
		if !found {
			return noUser()
		}
		u, err = t.user(id)
		return err
	})
	return u, err
}

// findUser returns the ID of whoever is not deleted and has that key.
func (t *team) findUser(key userman.UserKey) (id string, found bool) {
	switch {
	case key.Username != "":
		return t.usernames.get(userman.FoldUsername(key.Username))
	case key.DefaultExtension != "":
		return t.extensions.get(key.DefaultExtension)
	case key.ExternalID != "":
		return t.externals.get(externalKey(key.Directory, key.ExternalID))
	case len(key.InvitationHash) > 0:
		return t.findLink(key.InvitationHash, func(u *userman.User) *credential.Link { return u.Credentials.Invitation })
	case len(key.ActivationHash) > 0:
		return t.findLink(key.ActivationHash, func(u *userman.User) *credential.Link { return u.Activation })
	}
	return "", false
}

func (t *team) findLink(hash []byte, of func(*userman.User) *credential.Link) (id string, found bool) {
	for _, row := range t.users.rows {
		if link := of(row.value); link != nil && row.value.DeletedAt.IsZero() && bytes.Equal(link.TokenHash, hash) {
			return row.key, true
		}
	}
	return "", false
}

// externalKey returns the key of the table: another pair never has the same.
func externalKey(directory, id string) string { return vaultKey(directory, id) }

// UpdateUser implements [userman.Store].
func (m people) UpdateUser(ctx context.Context, id string, edit func(*userman.User) error) error {
	read := func(t *team) (*userman.User, error) { return t.user(id) }
	return change(ctx, m, read, edit, func(t *team, u *userman.User) error {
		u.ID = id
		return t.putUser(keptUser(u))
	})
}

// DeleteUser implements [userman.Store].
func (m people) DeleteUser(ctx context.Context, id string) error {
	return m.edit(ctx, func(t *team) error {
		before, found := t.users.get(id)
		if !found {
			return noUser()
		}
		t.users.remove(id)
		for _, name := range t.uniques(before) {
			name.owners.remove(name.value)
		}
		t.tokens.removeAll(func(token *userman.Token) bool { return token.UserID == id })
		t.pictures.remove(id)
		return nil
	})
}

// EachUser implements [userman.Store].
func (m people) EachUser(ctx context.Context, visit func(*userman.User) error) error {
	all := func(s *state) *table[*userman.User] { return &m.of(s).users }
	return each(ctx, m.DB, all, (*userman.User).Clone, visit)
}

// unique is a value that only one person has.
type unique struct {
	field, value string
	owners       *table[string]
}

// uniques returns the values that u keeps from others; none when deleted.
func (t *team) uniques(u *userman.User) []unique {
	if !u.DeletedAt.IsZero() {
		return nil
	}
	values := []unique{{"username", userman.FoldUsername(u.Username), &t.usernames}}
	if u.DefaultExtension != "" {
		values = append(values, unique{"default_extension", u.DefaultExtension, &t.extensions})
	}
	if u.ExternalID != "" {
		values = append(values, unique{"external_id", externalKey(u.Directory, u.ExternalID), &t.externals})
	}
	return values
}

// putUser puts u in the place of whoever has the same ID.
func (t *team) putUser(u *userman.User) error {
	groups, err := t.groupNames(u.Groups)
	if err != nil {
		return err
	}
	u.Groups = groups
	for _, name := range t.uniques(u) {
		if owner, taken := name.owners.get(name.value); taken && owner != u.ID {
			return &store.ExistsError{Kind: userman.PersonRecord, Field: name.field}
		}
	}
	if before, found := t.users.get(u.ID); found {
		for _, name := range t.uniques(before) {
			name.owners.remove(name.value)
		}
	}
	for _, name := range t.uniques(u) {
		name.owners.put(name.value, u.ID)
	}
	t.users.put(u.ID, u)
	return nil
}

// keptUser returns a copy as a database would keep it.
func keptUser(u *userman.User) *userman.User {
	kept := u.Clone()
	kept.HasPassword, kept.PasswordElsewhere, kept.HasSecondFactor = false, false, false
	kept.InvitedUntil, kept.PasswordExpiresAt = time.Time{}, time.Time{}
	keepTimes(
		&kept.CreatedAt, &kept.UpdatedAt, &kept.PasswordChangedAt, &kept.LastLoginAt,
		&kept.WelcomedAt, &kept.WelcomeBegunAt, &kept.MissingSince, &kept.DeletedAt,
	)
	keepCredentials(&kept.Credentials)
	keepLink(kept.Activation)
	return kept
}
