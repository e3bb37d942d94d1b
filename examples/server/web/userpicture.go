package web

import (
	"context"
	"errors"
	"io"
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
	part, err := formFile(r, "picture")
	if err == nil {
		_, err = u.users(ctx).SetPicture(ctx, now.Username, part, nil)
	}
	switch {
	case err == nil:
		return redirect{Path: u.path(now), Flash: "Picture saved."}, nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &statusError{status: http.StatusBadRequest}
	case errors.As(err, new(*http.MaxBytesError)):
		err = invalidField("picture", store.CodeMax, "the file is larger than 5 MiB")
	}
	return u.actionErrors(ctx, r, now, err)
}

// formFile returns the file in a field of the form, as it arrives.
func formFile(r *request, name string) (io.Reader, error) {
	missing := invalidField(name, store.CodeRequired, "select a file")
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, missing
	}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, missing
		case errors.As(err, new(*http.MaxBytesError)):
			return nil, err
		case err != nil:
			return nil, &statusError{status: http.StatusBadRequest}
		case part.FormName() != name:
			continue
		case part.FileName() == "":
			return nil, missing
		}
		return part, nil
	}
}
