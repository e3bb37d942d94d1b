package memstore

import (
	"bytes"
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// Picture implements [userman.Store].
func (m userStore) Picture(ctx context.Context, userID store.UserID) (picture []byte, err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		picture, err = cloneRecord(&t.pictures, string(userID), "picture", bytes.Clone)
		return err
	})
	return picture, err
}

// PutPicture implements [userman.Store].
func (m userStore) PutPicture(ctx context.Context, userID store.UserID, picture []byte) error {
	return m.writeTeam(ctx, func(t *team) error {
		if _, found := t.users.get(string(userID)); !found {
			return userNotFound()
		}
		if len(picture) == 0 {
			t.pictures.remove(string(userID))
			return nil
		}
		t.pictures.put(string(userID), bytes.Clone(picture))
		return nil
	})
}
