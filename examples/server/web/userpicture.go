package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// maxUpload bounds a form with a picture, in bytes. The form needs some bytes of
// its own.
const maxUpload = userman.MaxPictureBytes + 64<<10

const pictureLabel = "New picture"

// pictureField chooses a picture.
func pictureField(errs formErrors) formField {
	return formField{
		Name: "picture", Label: pictureLabel, Type: "file", Required: true, Errors: errs.forField("picture"),
		Hint: "A JPEG, PNG or GIF file up to 5 MiB. The picture is cropped to a square.",
	}
}

func (u *userPages) picture(ctx context.Context, r *request, now *userman.User) (response, error) {
	answer := file{Status: http.StatusNotModified, Header: map[string]string{
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache", "ETag": `"` + now.Picture + `"`,
	}}
	if now.Picture != "" && r.Header.Get("If-None-Match") == answer.Header["ETag"] {
		return answer, nil
	}
	answer.Status, answer.ContentType = http.StatusOK, "image/jpeg"
	body, err := u.users(ctx).Picture(ctx, now.Username)
	answer.Body = body
	return answer, err
}

func (u *userPages) setPicture(ctx context.Context, r *request, now *userman.User) (response, error) {
	upload, _, err := r.FormFile("picture")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		err = invalidField("picture", store.CodeRequired, "select a file")
	case errors.As(err, new(*http.MaxBytesError)):
		err = invalidField("picture", store.CodeMax, "the file is larger than 5 MiB")
	case err != nil:
		return nil, errBadRequest
	default:
		_, err = u.users(ctx).SetPicture(ctx, now.Username, upload, nil)
	}
	return redirect{Path: u.path(now), Flash: "Picture saved."}, err
}
