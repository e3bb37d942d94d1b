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
	// Precondition runs in the transaction that saves the picture. This transaction
	// begins after the picture is rendered. If Precondition returns an error,
	// SetPicture changes nothing and returns this error. Precondition may run more than
	// once. Defaults to none.
	Precondition func(ctx context.Context) error
}

// SetPicture sets the picture of a user, a JPEG, PNG or GIF. If picture is nil,
// SetPicture removes the current picture, if there is one. SetPicture stores the
// upright square in the middle as a JPEG of [PictureSide] pixels. It stores nothing
// else of the file. It returns an error wrapping [store.ErrInvalid] on "picture" if the
// picture is invalid. It reads and renders one picture at a time, in bounded memory. It
// returns an error wrapping [store.ErrBusy], and has read nothing, if the turn of the
// picture does not come within 20 seconds. It rejects pictures that need more memory,
// such as a progressive JPEG of more than 8 million pixels.
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
		s.recordFailure(ctx, action, username, err)
		return nil, err
	}
	return s.savePicture(ctx, action, username, jpeg, PictureVersion(jpeg), opts)
}

// PictureVersion returns the version of a stored picture, which [User].Picture has: a
// hash of its bytes.
func PictureVersion(jpeg []byte) string {
	sum := sha256.Sum256(jpeg)
	return hex.EncodeToString(sum[:8])
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

// Picture returns the picture of a user as a JPEG. It returns an error wrapping
// [store.ErrNotFound] if the user has none.
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
