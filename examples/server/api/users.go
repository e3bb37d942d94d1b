package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

type (
	userEndpoint = *endpoint[userman.User]
	userAction   = action[*userman.Service, userman.User]
)

// users returns the service, limited to the users in the scope of the
// administrator.
func (a *api) users(ctx context.Context) *userman.Service {
	return a.app.UsersFor(a.sessions.Administrator(ctx))
}

func (a *api) registerUsers() {
	e := &endpoint[userman.User]{
		Type:           resource.Users(a.users),
		operationGroup: a.group("users", app.SectionUsers),
		noun:           "User", path: "/users",
		event:   a.app.Users.AuditEvent,
		objects: []object[userman.User]{permissionsObject(a, func(u *userman.User) *permission.Permissions { return &u.Permissions })},
	}
	e.registerRecord()
	registerActions(e, a.users,
		userAction{"enableUser", "POST enable", "enable", (*userman.Service).Enable},
		userAction{"disableUser", "POST disable", "disable", (*userman.Service).Disable},
		userAction{"deleteUserSecondFactor", "DELETE second-factor", "remove second factor", (*userman.Service).RemoveSecondFactor},
		userAction{"deletePicture", "DELETE picture", "remove picture", func(s *userman.Service, ctx context.Context, username string) (*userman.User, error) {
			return s.SetPicture(ctx, username, nil, nil)
		}},
	)
	e.register(operation{id: "endUserSessions", route: "POST " + e.one() + "/end-sessions"}, func(ctx context.Context, r *request) (*response, error) {
		return noContent(a.users(ctx).EndSessions(ctx, r.text("username")))
	})
	registerBody(e.operationGroup, operation{
		id: "setUserPassword", route: "PUT " + e.one() + "/password", params: []*huma.Param{headerParam(ifMatchHeader)}, etag: true, response: e.schema(),
	}, func(ctx context.Context, r *request, body *NewUserPassword) (*response, error) {
		return e.reply(a.setUserPassword(ctx, r.text("username"), body, e.precondition(r)))
	})
	registerBody(e.operationGroup, operation{id: "renumberExtensions", route: "POST /extensions/renumber", response: schemaFor[renumberedUsers](a.document)},
		func(ctx context.Context, _ *request, body *NewNumbers) (*response, error) {
			changed, err := a.users(ctx).RenumberExtensions(ctx, body.Numbers)
			return reply(renumberedUsers{changed}, err)
		})
	a.registerDeletedUsers(e)
	a.registerExport(e.operationGroup)
	a.registerUserLinks(e.operationGroup)
	a.registerUserMails(e.operationGroup)
	a.registerUserPermissions(e.operationGroup)
	a.registerPicture(e)
	a.registerTokens(e.operationGroup)
}

// NewNumbers are new numbers of default extensions.
type NewNumbers struct {
	Numbers map[string]string `doc:"The new number of each extension; at most 1000." json:"numbers"`
}

// renumberedUsers are the users that a renumbering changed.
type renumberedUsers struct {
	Changed []string `doc:"The usernames of the changed users." json:"changed"`
}

// NewUserPassword is a password that an administrator sets for a user.
type NewUserPassword struct {
	Password           store.Secret `json:"password,omitzero"`
	Generate           bool         `json:"generate,omitempty"`
	MustChangePassword bool         `json:"must_change_password,omitempty"`
	DisableTokens      bool         `doc:"Also disables all API tokens of the user." json:"disable_tokens,omitempty"`
}

func (a *api) setUserPassword(ctx context.Context, username string, body *NewUserPassword, precondition func(context.Context) error) (resource.Result[userman.User], error) {
	users := a.users(ctx)
	password, errs, err := resource.NewPassword(users, body.Password, body.Generate)
	if err == nil {
		err = store.NewInvalidError(errs...)
	}
	if err != nil {
		return resource.Result[userman.User]{}, err
	}
	result, err := asResult(users.SetPassword(ctx, username, password, &userman.PasswordOptions{
		MustChange: body.MustChangePassword, DisableTokens: body.DisableTokens, Precondition: precondition,
	}))
	if body.Generate {
		result.Secret = password
	}
	return result, err
}

// registerDeletedUsers adds what can be done to a deleted user, by its ID.
func (a *api) registerDeletedUsers(e userEndpoint) {
	e.register(operation{
		id: "restoreUser", route: "POST /users/{id}/restore", body: &huma.Schema{Ref: schemaPrefix + "UserChanges"},
		record: true, optionalBody: true, etag: true, response: e.schema(),
	}, func(ctx context.Context, r *request) (*response, error) {
		var edit func(*userman.User) error
		if len(r.raw) > 0 {
			edit = func(u *userman.User) error { return e.edit(ctx, r, u) }
		}
		return e.reply(asResult(a.users(ctx).Restore(ctx, store.UserID(r.text("id")), edit)))
	})
	e.register(operation{id: "purgeUser", route: "POST /users/{id}/purge"}, func(ctx context.Context, r *request) (*response, error) {
		return noContent(a.users(ctx).Purge(ctx, store.UserID(r.text("id"))))
	})
}

func binary() *huma.Schema { return &huma.Schema{Type: huma.TypeString, Format: "binary"} }

func (a *api) registerPicture(e userEndpoint) {
	e.register(operation{
		id: "getPicture", route: "GET " + e.one() + "/picture", params: []*huma.Param{headerParam(ifNoneMatchHeader)}, etag: true, media: jpegType, response: binary(),
	}, a.getPicture)
	e.register(operation{
		id: "setPicture", route: "PUT " + e.one() + "/picture", params: []*huma.Param{headerParam(ifMatchHeader)}, etag: true, picture: true, response: e.schema(),
	}, func(ctx context.Context, r *request) (*response, error) {
		opts := &userman.PictureOptions{Precondition: e.precondition(r)}
		return e.reply(asResult(a.users(ctx).SetPicture(ctx, r.text("username"), r.picture, opts)))
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
