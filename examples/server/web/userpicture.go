package web

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

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
		Name: "picture", Label: pictureLabel, Type: "file", Required: true, Form: "do-picture", Errors: errs.forField("picture"),
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
	picture, err := openUpload(r, "picture")
	if err == nil {
		_, err = u.users(ctx).SetPicture(ctx, now.Username, picture, nil)
	}
	switch {
	case errors.Is(err, errTooLarge):
		err = invalidField("picture", store.CodeMax, "the file is larger than 5 MiB")
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errBadRequest
	}
	done := redirect{Path: u.path(now), Flash: "Picture saved."}
	if now.Picture == "" {
		done.Undo = undo{Action: u.path(now) + "/picture/remove", Values: url.Values{"user": {string(now.ID)}}}
	}
	return done, err
}

// openUpload returns the file in a field of a form. It is read when it is its turn.
func openUpload(r *request, field string) (io.Reader, error) {
	form, err := r.MultipartReader()
	for err == nil {
		var part *multipart.Part
		if part, err = form.NextRawPart(); err == nil && part.FormName() == field && part.FileName() != "" {
			return part, nil
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, http.ErrNotMultipart) {
		return nil, invalidField(field, store.CodeRequired, "select a file")
	}
	return nil, formError(err)
}
