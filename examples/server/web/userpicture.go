package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// maxUpload bounds a form with a picture, in bytes: some goes to what surrounds
// the picture.
const maxUpload = userman.MaxPictureBytes + 64<<10

// pictureField is where a picture is chosen.
func pictureField(errs formErrors) field {
	return field{
		Name: "picture", Label: userLabels()["picture"], Type: "file", Required: true, Errors: errs.forField("picture"),
		Hint: "A JPEG, PNG or GIF file up to 5 MiB. The picture is cropped to a square.",
	}
}

func (v *pageHandler) userPicture() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	tag := `"` + u.Picture + `"`
	if u.Picture != "" && v.r.Header.Get("If-None-Match") == tag {
		v.pictureHeader(tag)
		v.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	picture, err := v.users().Picture(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	v.pictureHeader(tag)
	v.w.Header().Set("Content-Type", "image/jpeg")
	_, _ = v.w.Write(picture)
	return nil
}

// pictureHeader is that of a picture alone: a page that refuses needs the policy
// of pages.
func (v *pageHandler) pictureHeader(tag string) {
	header := v.w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Cache-Control", "private, no-cache")
	header.Set("ETag", tag)
}

func (v *pageHandler) userSetPicture() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	part, err := v.formFile("picture")
	if err == nil {
		_, err = v.users().SetPicture(v.r.Context(), u.Username, part)
	}
	if err != nil {
		return v.renderPictureErrors(u, err)
	}
	return v.redirectWithFlash(userPath(u.Username), "Picture saved.")
}

// renderPictureErrors says at the field what was refused, also that it was too much.
func (v *pageHandler) renderPictureErrors(u *userman.User, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &statusError{status: http.StatusBadRequest}
	}
	if errors.As(err, new(*http.MaxBytesError)) {
		err = store.NewInvalidError(store.FieldError{Field: "picture", Code: "max", Message: "the file is larger than 5 MiB"})
	}
	return v.renderUserErrors(u, err)
}

// formFile returns the file of that field of a form. It is read from the
// connection: nothing is kept on the way.
func (v *pageHandler) formFile(name string) (io.Reader, error) {
	missing := store.NewInvalidError(store.FieldError{Field: name, Code: "required", Message: "select a file"})
	parts, err := v.r.MultipartReader()
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

func (v *pageHandler) userRemovePicture() error {
	return v.updateUser("Picture removed.", func(people *userman.Service, username string) error {
		_, err := people.RemovePicture(v.r.Context(), username)
		return err
	})
}
