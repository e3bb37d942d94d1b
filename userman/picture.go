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

// PictureOptions are the options of [Service.SetPicture].
type PictureOptions struct {
	// Precondition is called in the transaction that saves the picture, which
	// begins after the picture was drawn. SetPicture changes nothing and returns
	// its error if there is one. It may run more than once. Defaults to none.
	Precondition func(ctx context.Context) error
}

// SetPicture sets the picture of a user, a JPEG, PNG or GIF. A nil picture removes it;
// it is no error when there is none. SetPicture stores the square in the middle, upright,
// as a JPEG of [PictureSide] pixels, and nothing else of the file. It returns an error
// wrapping [store.ErrInvalid] on "picture". It draws one picture at a time, in bounded
// memory: what needs more, such as a progressive JPEG of more than 8 million pixels, is
// rejected.
func (s *Service) SetPicture(ctx context.Context, username string, picture io.Reader, opts *PictureOptions) (*User, error) {
	if opts == nil {
		opts = &PictureOptions{}
	}
	if picture == nil {
		return s.savePicture(ctx, "remove picture", username, nil, "", opts)
	}
	const action = "set picture"
	jpeg, err := s.renderPicture(ctx, username, picture)
	if err != nil {
		s.audit.RecordFailure(ctx, s.userEvent(action, username), err)
		return nil, err
	}
	sum := sha256.Sum256(jpeg)
	return s.savePicture(ctx, action, username, jpeg, hex.EncodeToString(sum[:8]), opts)
}

// savePicture stores a JPEG and its version; nil removes the picture.
func (s *Service) savePicture(ctx context.Context, action, username string, jpeg []byte, version string, opts *PictureOptions) (*User, error) {
	return s.mutate(ctx, action, username, func(ctx context.Context, u *User) error {
		if err := checkPrecondition(ctx, opts.Precondition); err != nil {
			return err
		}
		u.Picture = version
		return s.store.PutPicture(ctx, u.ID, jpeg)
	})
}

// Picture returns the JPEG of a user. It returns an error wrapping [store.ErrNotFound] if
// there is none.
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
