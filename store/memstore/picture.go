package memstore

import (
	"bytes"
	"context"
)

// Picture implements [userman.Store].
func (m userStore) Picture(ctx context.Context, userID string) (picture []byte, err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		picture, err = cloneRecord(&t.pictures, userID, "picture", bytes.Clone)
		return err
	})
	return picture, err
}

// PutPicture implements [userman.Store].
func (m userStore) PutPicture(ctx context.Context, userID string, picture []byte) error {
	return m.writeTeam(ctx, func(t *team) error {
		if _, found := t.users.get(userID); !found {
			return userNotFound()
		}
		if len(picture) == 0 {
			t.pictures.remove(userID)
			return nil
		}
		t.pictures.put(userID, bytes.Clone(picture))
		return nil
	})
}
