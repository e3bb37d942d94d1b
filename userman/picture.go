package userman

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/pbxusers/pbxusers/internal/avatar"
)

// Bounds of pictures.
const (
	// MaxPictureBytes is the maximum size of a file for [Service.SetPicture].
	MaxPictureBytes = avatar.MaxBytes
	// PictureSide is the width and height of a stored picture in pixels.
	PictureSide = avatar.Side
)

// SetPicture keeps a picture of the person: a JPEG, PNG or GIF, of which the
// middle is cut out square and kept as a JPEG of [PictureSide] pixels, upright;
// nothing else of the file is kept. [store.InvalidError] on "picture". One
// picture is drawn at a time, in a bounded amount of memory: what needs more, such
// as a progressive JPEG of more than 8 million pixels, is refused.
func (s *Service) SetPicture(ctx context.Context, username string, picture io.Reader) (*User, error) {
	return s.SetPictureIf(ctx, username, picture, func(context.Context) error { return nil })
}

// SetPictureIf is [Service.SetPicture] unless check refuses. It is asked in the
// transaction that keeps the picture, which begins when the picture is drawn: to
// draw one takes seconds, in which nothing else could be written. It may run
// more than once.
func (s *Service) SetPictureIf(ctx context.Context, username string, picture io.Reader, check func(ctx context.Context) error) (*User, error) {
	const action = "set picture"
	jpeg, err := s.renderPicture(ctx, username, picture)
	if err != nil {
		s.audit.RecordFailure(ctx, s.userEvent(action, username), err)
		return nil, err
	}
	sum := sha256.Sum256(jpeg)
	version := hex.EncodeToString(sum[:8])
	return s.mutate(ctx, action, username, func(ctx context.Context, u *User) error {
		if err := check(ctx); err != nil {
			return err
		}
		u.Picture = version
		return s.store.PutPicture(ctx, u.ID, jpeg)
	})
}

// RemovePicture removes it. It is no error when there is none.
func (s *Service) RemovePicture(ctx context.Context, username string) (*User, error) {
	return s.mutate(ctx, "remove picture", username, func(ctx context.Context, u *User) error {
		u.Picture = ""
		return s.store.PutPicture(ctx, u.ID, nil)
	})
}

// Picture returns the JPEG, or a [store.NotFoundError].
func (s *Service) Picture(ctx context.Context, username string) ([]byte, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	return s.store.Picture(ctx, u.ID)
}

// renderPicture returns the avatar of a picture, if the user exists.
func (s *Service) renderPicture(ctx context.Context, username string, picture io.Reader) ([]byte, error) {
	if _, err := s.find(ctx, username); err != nil {
		return nil, err
	}
	return s.shared.avatars.Render(ctx, picture)
}
