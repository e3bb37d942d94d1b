package api

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/userman"
)

func binary() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "binary"} }

func (a *api) registerPicture(e userEndpoint) {
	const path = "/users/{username}/picture"
	e.operationGroup.register(operation{
		id: "getPicture", method: http.MethodGet, path: path, summary: "Show the picture of a user",
		description: "A square JPEG of 256 pixels.", params: []*huma.Param{ifNoneMatchParam()}, notModified: true, etag: true, media: jpegType,
	}, a.getPicture)
	e.operationGroup.register(operation{
		id: "setPicture", method: http.MethodPut, path: path, summary: "Set the picture of a user",
		description: "A JPEG, PNG or GIF of at most 5 MiB. Its center is stored as a square JPEG of 256 pixels, without metadata.",
		params:      []*huma.Param{ifMatchParam()}, etag: true, picture: true, response: e.View(e.example),
	}, func(ctx context.Context, r *request) (*response, error) {
		opts := &userman.PictureOptions{Precondition: e.precondition(r)}
		return e.reply(asResult(a.users(ctx).SetPicture(ctx, r.text("username"), bytes.NewReader(r.raw), opts)))
	})
	e.registerAction(operation{
		id: "deletePicture", method: http.MethodDelete, path: path, summary: "Delete the picture of a user",
	}, "remove picture", func(ctx context.Context, _ *request, username string) (userResult, error) {
		return asResult(a.users(ctx).SetPicture(ctx, username, nil, nil))
	})
}

func (a *api) getPicture(ctx context.Context, r *request) (*response, error) {
	users, username := a.users(ctx), r.text("username")
	u, err := users.Get(ctx, username)
	if err != nil {
		return nil, err
	}
	answer := &response{media: jpegType, etag: `"` + u.Picture + `"`}
	if u.Picture != "" && containsETag(r.text(ifNoneMatchHeader), answer.etag) {
		return answer.ifNoneMatch(r), nil
	}
	answer.content, err = users.Picture(ctx, username)
	return answer, err
}
