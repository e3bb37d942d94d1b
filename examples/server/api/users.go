package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

const tagUsers = "people"

// UserPath is who a path names.
type UserPath struct {
	Username string `doc:"The username, in any case." path:"username"`
}

// UserTarget is a person to be changed.
type UserTarget struct {
	UserPath
	IfMatch
}

type userOutput = recordOutput[shownUser]

// users returns the people that the visitor reaches.
func (a *api) users(ctx context.Context) *userman.Service {
	return a.app.UsersFor(a.sessions.Administrator(ctx))
}

// isScoped reports whether there are people whom the visitor does not reach.
func (a *api) isScoped(ctx context.Context) bool {
	return !a.sessions.Administrator(ctx).Scope("").AllExtensions()
}

func (a *api) registerUsers() {
	g := operationGroup{api: a, tag: tagUsers, section: app.SectionUsers}
	register(g, operation{
		id: "listUsers", method: http.MethodGet, path: "/users", summary: "List people",
		description: "Those that the visitor reaches: of a limited administrator with extensions of their own, those whose extensions are all among them.",
		response:    list[shownUser]{Items: []shownUser{exampleUser()}, Next: ""},
	}, a.listUsers)
	register(g, operation{
		id: "createUser", method: http.MethodPost, path: "/users", summary: "Make a person",
		description: "Without a password the person cannot log in until a link was opened: POST /users/{username}/welcome mails one, POST /users/{username}/invite shows one. " +
			"Without groups the person is put into the default groups.",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		request: map[string]any{
			"username": "jane.roe", "first_name": "Jane", "last_name": "Roe", "email": "jane.roe@example.com", "default_extension": "4001",
			"generate": true, "permissions": map[string]any{permission.XMPPLogin: true},
		},
		response: exampleGenerated(),
	}, a.createUser)
	register(g, operation{
		id: "getUser", method: http.MethodGet, path: "/users/{username}", summary: "Show a person",
		notModified: true, response: exampleUser(),
	}, a.getUser)
	register(g, operation{
		id: "updateUser", method: http.MethodPatch, path: "/users/{username}", summary: "Change a person",
		description: "What is absent stays as it is; null sets a field to its default. Lists are replaced as a whole, and permissions one by one (RFC 7396). " +
			"Fields that the person's directory keeps are refused.",
		errors:  []int{http.StatusConflict, http.StatusPreconditionFailed},
		request: map[string]any{"title": "Head of Sales", "linked_extensions": []string{"4100"}, "permissions": map[string]any{permission.XMPPLogin: nil}, "home_phone": nil},

		response: exampleUser(),
	}, a.updateUser)
	register(g, operation{
		id: "deleteUser", method: http.MethodDelete, path: "/users/{username}", summary: "Delete a person",
		description: "Sessions, links and tokens end, and username and default extension are free for others; POST /deleted-users/{id}/restore undoes it. " +
			"A person whom other records need is kept: references lists them.",
		status: http.StatusNoContent, errors: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, a.deleteUser)
	a.registerExport(g)
	a.registerUserActions(g)
	a.registerUserCredentials(g)
	a.registerUserPermissions(g)
	a.registerPicture(g)
	a.registerDeletedUsers(g)
}

type listUsersInput struct {
	Search      string `doc:"Only those with this in a name, an email, a number or any other text of theirs, in any case."                                   query:"search"`
	Sort        string `doc:"Sort by username, last_name, default_extension, created_at, updated_at or last_login_at; with - in front for descending order." query:"sort"`
	Status      string `doc:"Only those; deleted people are listed by GET /deleted-users."                                                                   enum:"enabled,disabled" query:"status"`
	Group       string `doc:"Only the members of that group."                                                                                                query:"group"`
	Extension   string `doc:"Only those whose default or linked extension it is."                                                                            query:"extension"`
	Email       string `doc:"Only those whose primary email it is, in any case."                                                                             query:"email"`
	Directory   string `doc:"Only those of that directory."                                                                                                  query:"directory"`
	NotWelcomed bool   `doc:"Only those who were never sent a welcome mail."                                                                                 query:"not_welcomed"`
	Paging
}

func (a *api) listUsers(ctx context.Context, input *listUsersInput) (*listOutput[shownUser], error) {
	order, err := store.ParseSort(input.Sort, userman.SortFields())
	if err != nil {
		return nil, err
	}
	query := userman.Query{
		Search: input.Search, Status: userman.Status(input.Status), Group: input.Group, Extension: input.Extension,
		Email: input.Email, NotWelcomed: input.NotWelcomed, Sort: order, PageRequest: input.page(),
	}
	if input.Directory != "" {
		query.Directory = &input.Directory
	}
	page, err := a.users(ctx).List(ctx, query)
	if err != nil {
		return nil, err
	}
	return newListOutput(page, showUser), nil
}

type createUserInput struct {
	IdempotencyKey
	Body NewUser
}

func (a *api) createUser(ctx context.Context, input *createUserInput) (*createdOutput[shownUser], error) {
	event := newAuditEvent("create", userman.KindUser, input.Body.Username)
	created, err := idempotent(ctx, a, input.IdempotencyKey, event, func(ctx context.Context) (shownUser, error) {
		return newUser(ctx, a.users(ctx), &input.Body)
	})
	if err != nil {
		return nil, err
	}
	return &createdOutput[shownUser]{
		ETag: created.etag(), Location: prefix + "/users/" + url.PathEscape(created.Username), Body: created,
	}, nil
}

// newUser makes a person. What it did must be undone when there is an error.
func newUser(ctx context.Context, users *userman.Service, body *NewUser) (shownUser, error) {
	u := &userman.User{Username: body.Username}
	errs := body.applyTo(u, users.Permissions())
	password, passwordErrs, err := resolvePassword(users, body.Password, body.Generate)
	if err != nil {
		return shownUser{}, err
	}
	created, err := users.Create(ctx, userman.NewUser{
		User: u, Password: password, NoDefaultGroups: body.Groups.set && !body.Groups.null,
	})
	if err := mergeFieldErrors(append(errs, passwordErrs...), err); err != nil {
		return shownUser{}, err
	}
	return withPassword(created, password, body.Generate), nil
}

type getUserInput struct {
	UserPath
	IfNoneMatch string `doc:"The ETag of the record that the visitor has already: 304 when there is no newer one." header:"If-None-Match"`
}

func (a *api) getUser(ctx context.Context, input *getUserInput) (*userOutput, error) {
	u, err := a.users(ctx).Get(ctx, input.Username)
	if err != nil {
		return nil, err
	}
	shown := showUser(u)
	return record(shown, shown.etag()).ifNoneMatch(input.IfNoneMatch), nil
}

// changeUser changes one person, on the condition of the request.
func (a *api) changeUser(ctx context.Context, input *UserTarget, action string, change func(context.Context, *userman.Service) (shownUser, error)) (*userOutput, error) {
	var changed shownUser
	event := newAuditEvent(action, userman.KindUser, input.Username)
	err := a.ifMatch(ctx, input.IfMatch, event, a.currentUserETag(input.Username), func(ctx context.Context) (err error) {
		changed, err = change(ctx, a.users(ctx))
		return err
	})
	if err != nil {
		return nil, err
	}
	return record(changed, changed.etag()), nil
}

func (a *api) currentUserETag(username string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		u, err := a.users(ctx).Get(ctx, username)
		if err != nil {
			return "", err
		}
		return showUser(u).etag(), nil
	}
}

type updateUserInput struct {
	UserTarget
	Body UserChanges
}

func (a *api) updateUser(ctx context.Context, input *updateUserInput) (*userOutput, error) {
	return a.changeUser(ctx, &input.UserTarget, "update", func(ctx context.Context, users *userman.Service) (shownUser, error) {
		return userResult(users.Update(ctx, input.Username, func(u *userman.User) error {
			return store.NewInvalidError(input.Body.applyTo(u, users.Permissions())...)
		}))
	})
}

func (a *api) deleteUser(ctx context.Context, input *UserTarget) (*noOutput, error) {
	event := newAuditEvent("delete", userman.KindUser, input.Username)
	return nil, a.ifMatch(ctx, input.IfMatch, event, a.currentUserETag(input.Username), func(ctx context.Context) error {
		return a.users(ctx).Delete(ctx, input.Username)
	})
}
