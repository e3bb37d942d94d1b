package api

import (
	"bytes"
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/userman"
)

func binary() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "binary"} }

func (a *api) registerPicture(e userEndpoint) {
	e.register(operation{
		id: "getPicture", route: "GET " + e.one() + "/picture", params: []*huma.Param{ifNoneMatchParam()}, etag: true, media: jpegType, response: binary(),
	}, a.getPicture)
	e.register(operation{
		id: "setPicture", route: "PUT " + e.one() + "/picture", params: []*huma.Param{ifMatchParam()}, etag: true, picture: true, response: e.schema(),
	}, func(ctx context.Context, r *request) (*response, error) {
		opts := &userman.PictureOptions{Precondition: e.precondition(r)}
		return e.reply(asResult(a.users(ctx).SetPicture(ctx, r.text("username"), bytes.NewReader(r.raw), opts)))
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
