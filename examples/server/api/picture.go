package api

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pbxusers/pbxusers/userman"
)

const jpegType = "image/jpeg"

// pictureTypes are those that a picture may be sent as.
func pictureTypes() []string { return []string{jpegType, "image/png", "image/gif"} }

func binary() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "binary"} }

func (a *api) registerPicture(g operationGroup) {
	register(g, operation{
		id: "getPicture", method: http.MethodGet, path: "/users/{username}/picture", summary: "Show the picture of a person",
		description: "A square JPEG of 256 pixels.", notModified: true, media: jpegType,
	}, a.getPicture)
	register(g, operation{
		id: "setPicture", method: http.MethodPut, path: "/users/{username}/picture", summary: "Give a person a picture",
		description: "A JPEG, PNG or GIF of at most 5 MiB. The middle is cut out square and kept as a JPEG of 256 pixels; nothing else of the file is kept.",
		errors:      []int{http.StatusPreconditionFailed}, picture: true, response: exampleUser(),
	}, a.setPicture)
	register(g, operation{
		id: "deletePicture", method: http.MethodDelete, path: "/users/{username}/picture", summary: "Remove the picture of a person",
		errors: []int{http.StatusPreconditionFailed}, response: exampleUser(),
	}, func(ctx context.Context, input *UserTarget) (*userOutput, error) {
		return a.changeUser(ctx, input, "remove picture", func(ctx context.Context, users *userman.Service) (shownUser, error) {
			return userResult(users.RemovePicture(ctx, input.Username))
		})
	})
}

type pictureOutput struct {
	Status      int
	ContentType string `header:"Content-Type"                              hidden:"true"`
	ETag        string `doc:"Changes with the picture; for If-None-Match." header:"ETag"`
	Body        []byte
}

func (a *api) getPicture(ctx context.Context, input *getUserInput) (*pictureOutput, error) {
	users := a.users(ctx)
	u, err := users.Get(ctx, input.Username)
	if err != nil {
		return nil, err
	}
	output := &pictureOutput{Status: http.StatusOK, ContentType: jpegType, ETag: `"` + u.Picture + `"`}
	if u.Picture != "" && containsETag(input.IfNoneMatch, output.ETag) {
		output.Status = http.StatusNotModified
		return output, nil
	}
	output.Body, err = users.Picture(ctx, input.Username)
	if err != nil {
		return nil, err
	}
	return output, nil
}

type setPictureInput struct {
	UserTarget
	RawBody []byte `contentType:"image/jpeg"`
}

func (a *api) setPicture(ctx context.Context, input *setPictureInput) (*userOutput, error) {
	picture, tag := bytes.NewReader(input.RawBody), a.currentUserETag(input.Username)
	changed, err := userResult(a.users(ctx).SetPictureIf(ctx, input.Username, picture, func(ctx context.Context) error {
		return checkIfMatch(ctx, input.IfMatch, tag)
	}))
	if err != nil {
		return nil, err
	}
	return record(changed, changed.etag()), nil
}

// readPicture is to pictures what readBody is to JSON.
func (a *api) readPicture(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	picture, err := readAll(w, r, userman.MaxPictureBytes)
	if err == nil {
		err = checkPicture(r.Header.Get("Content-Type"), picture)
	}
	if err != nil {
		a.toProblem(r.Context(), err, "body").write(w)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(picture))
	next(ctx)
}

func checkPicture(contentType string, picture []byte) error {
	if len(picture) == 0 {
		return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "required", "this must be given, as a file"})
	}
	if media, _, err := mime.ParseMediaType(contentType); err != nil || !slices.Contains(pictureTypes(), media) {
		return newProblem(http.StatusUnsupportedMediaType, "content_type", "send a picture as image/jpeg, image/png or image/gif")
	}
	return nil
}
