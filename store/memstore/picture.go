package memstore

import (
	"bytes"
	"context"
)

// Picture implements [userman.Store].
func (m people) Picture(ctx context.Context, userID string) (picture []byte, err error) {
	err = m.view(ctx, func(t *team) (err error) {
		picture, err = copyOf(&t.pictures, userID, "picture", bytes.Clone)
		return err
	})
	return picture, err
}

// KeepPicture implements [userman.Store].
func (m people) KeepPicture(ctx context.Context, userID string, picture []byte) error {
	return m.edit(ctx, func(t *team) error {
		if _, found := t.users.get(userID); !found {
			return noUser()
		}
		if len(picture) == 0 {
			t.pictures.remove(userID)
			return nil
		}
		t.pictures.put(userID, bytes.Clone(picture))
		return nil
	})
}
