package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

const tagUsers = "users"

type (
	userEndpoint = *endpoint[userman.User]
	userResult   = resource.Result[userman.User]
)

// users returns the service, limited to the users in the scope of the
// administrator.
func (a *api) users(ctx context.Context) *userman.Service {
	return a.app.UsersFor(a.sessions.Administrator(ctx))
}

// isScoped reports whether there are users outside the scope of the administrator.
func (a *api) isScoped(ctx context.Context) bool {
	return !a.sessions.Administrator(ctx).Scope("").AllExtensions()
}

func (a *api) registerUsers() {
	e := &endpoint[userman.User]{
		Type:           resource.Users(a.users),
		operationGroup: operationGroup{api: a, tag: tagUsers, section: app.SectionUsers},
		path:           "/users", param: "username", noun: "User", nouns: "Users", schema: "User",
		objects: []object[userman.User]{permissionsObject(a, func(u *userman.User) *permission.Permissions { return &u.Permissions })},
		texts: endpointTexts{
			list: "Only users in the scope of the administrator: with limited extensions, the users who have no others.",
			create: "Without a password the user cannot log in until they set one with a link: POST /users/{username}/mails sends one, POST /users/{username}/password-links returns one. " +
				"Without groups the user is in the default groups.",
			update: "Permissions are changed one by one. Fields that the directory of the user manages cannot be changed.",
			delete: "Ends sessions, links and tokens, and frees the username and the default extension. POST /users/{id}/restore undoes it. " +
				"A user that other records refer to is not deleted; see references.",
		},
		example: userResult{Record: exampleUser()}, created: exampleGenerated(),
		new: map[string]any{
			"username": "jane.roe", "first_name": "Jane", "last_name": "Roe", "email": "jane.roe@example.com", "default_extension": "4001",
			"generate": true, "permissions": map[string]any{permission.XMPPLogin: true},
		},
		changes: map[string]any{"title": "Head of Sales", "linked_extensions": []string{"4100"}, "permissions": map[string]any{permission.XMPPLogin: nil}, "display_name": nil},
	}
	e.register()
	a.registerExport(e.operationGroup)
	a.registerUserActions(e)
	a.registerUserLinks(e.operationGroup)
	a.registerUserMails(e.operationGroup)
	a.registerUserPermissions(e.operationGroup)
	a.registerPicture(e)
	a.registerTokens(e.operationGroup)
}

func (a *api) registerUserActions(e userEndpoint) {
	type action func(*userman.Service, context.Context, string) (*userman.User, error)
	register := func(op operation, name string, act action) {
		op.path = "/users/{username}/" + op.path
		e.registerAction(op, name, func(ctx context.Context, _ *request, username string) (userResult, error) {
			return asResult(act(a.users(ctx), ctx, username))
		})
	}
	conflict := []int{http.StatusConflict}
	register(operation{id: "enableUser", method: http.MethodPost, path: "enable", summary: "Enable a user", errors: conflict}, "enable", (*userman.Service).Enable)
	register(operation{
		id: "disableUser", method: http.MethodPost, path: "disable", summary: "Disable a user",
		description: "Prevents every login and ends all sessions.", errors: conflict,
	}, "disable", (*userman.Service).Disable)
	register(operation{
		id: "deleteUserSecondFactor", method: http.MethodDelete, path: "second-factor", summary: "Disable two-factor authentication of a user",
		description: "For a user who lost the authenticator app and the recovery codes.",
	}, "remove second factor", (*userman.Service).RemoveSecondFactor)
	e.operationGroup.register(operation{
		id: "endUserSessions", method: http.MethodPost, path: "/users/{username}/end-sessions", summary: "End all sessions of a user",
		status: http.StatusNoContent,
	}, func(ctx context.Context, r *request) (*response, error) {
		return noContent(a.users(ctx).EndSessions(ctx, r.text("username")))
	})
	a.registerSetUserPassword(e)
	a.registerRestore(e)
}

// asResult returns a record of a service as a result.
func asResult[R any](record *R, err error) (resource.Result[R], error) {
	return resource.Result[R]{Record: record}, err
}

// NewUserPassword is a password that an administrator sets for a user.
type NewUserPassword struct {
	Password           store.Secret `json:"password,omitzero"`
	Generate           bool         `json:"generate,omitempty"`
	MustChangePassword bool         `json:"must_change_password,omitempty"`
	DisableTokens      bool         `doc:"Also disables all API tokens of the user." json:"disable_tokens,omitempty"`
}

func (a *api) registerSetUserPassword(e userEndpoint) {
	registerBody(e.operationGroup, operation{
		id: "setUserPassword", method: http.MethodPut, path: "/users/{username}/password", summary: "Set the password of a user",
		description: "Ends all sessions and links of the user. A generated password is shown only once. Prefer a link: then nobody else knows the password.",
		errors:      []int{http.StatusConflict}, params: []*huma.Param{ifMatchParam()}, etag: true,
		request: map[string]any{"generate": true, "must_change_password": true}, response: e.View(e.created),
	}, func(ctx context.Context, r *request, body *NewUserPassword) (*response, error) {
		return e.reply(a.setUserPassword(ctx, r.text("username"), body, e.precondition(r)))
	})
}

func (a *api) setUserPassword(ctx context.Context, username string, body *NewUserPassword, precondition func(context.Context) error) (userResult, error) {
	users := a.users(ctx)
	password, errs, err := resource.NewPassword(users, body.Password, body.Generate)
	if err == nil {
		err = store.NewInvalidError(errs...)
	}
	if err != nil {
		return userResult{}, err
	}
	u, err := users.SetPassword(ctx, username, password, &userman.PasswordOptions{
		MustChange: body.MustChangePassword, DisableTokens: body.DisableTokens, Precondition: precondition,
	})
	result, err := asResult(u, err)
	if body.Generate {
		result.Secret = password
	}
	return result, err
}

// registerRestore adds what can be done to a deleted user, by its ID.
func (a *api) registerRestore(e userEndpoint) {
	e.operationGroup.register(operation{
		id: "restoreUser", method: http.MethodPost, path: "/users/{id}/restore", summary: "Restore a deleted user",
		description: "The body changes the user in the same way as PATCH /users/{username}, for example the username or the default extension if another user has it now.",
		errors:      []int{http.StatusConflict}, body: &huma.Schema{Ref: schemaPrefix + "UserChanges"}, record: true, optionalBody: true, etag: true,
		request: map[string]any{"username": "jane.roe2", "default_extension": nil}, response: e.View(e.example),
	}, func(ctx context.Context, r *request) (*response, error) {
		var edit func(*userman.User) error
		if len(r.raw) > 0 {
			edit = func(u *userman.User) error { return e.edit(ctx, r, u) }
		}
		return e.reply(asResult(a.users(ctx).Restore(ctx, store.UserID(r.text("id")), edit)))
	})
	e.operationGroup.register(operation{
		id: "purgeUser", method: http.MethodPost, path: "/users/{id}/purge", summary: "Purge a deleted user",
		description: "Removes the user with tokens and picture. It cannot be undone.",
		status:      http.StatusNoContent, errors: []int{http.StatusConflict},
	}, func(ctx context.Context, r *request) (*response, error) {
		return noContent(a.users(ctx).Purge(ctx, store.UserID(r.text("id"))))
	})
}

func exampleUser() *userman.User {
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &userman.User{
		ID: "7h2kq9x4v1n8b3m6t5w0r2yz", Username: "jane.roe", FirstName: "Jane", LastName: "Roe", Email: "jane.roe@example.com",
		OtherEmails: []string{}, DefaultExtension: "4001", LinkedExtensions: []string{}, Groups: []string{"Sales"},
		Permissions: permission.Permissions{permission.XMPPLogin: permission.On(), permission.HistoryExtensions: permission.Append("4100")},
		Language:    "en", TimeZone: "Europe/Berlin", HasPassword: true, CreatedAt: created, UpdatedAt: created, PasswordChangedAt: created,
	}
}

func exampleGenerated() userResult {
	return userResult{Record: exampleUser(), Secret: store.NewSecret("ExampLe2fGenerated34")}
}
