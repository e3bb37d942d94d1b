package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// DeletedUserPath is a deleted person that a path names.
type DeletedUserPath struct {
	ID string `doc:"The id of the person." path:"id"`
}

func (a *api) registerDeletedUsers(g operationGroup) {
	register(g, operation{
		id: "listDeletedUsers", method: http.MethodGet, path: "/deleted-users", summary: "List deleted people, who can be restored",
		response: list[shownUser]{Items: []shownUser{exampleDeleted()}, Next: ""},
	}, a.listDeletedUsers)
	register(g, operation{
		id: "restoreUser", method: http.MethodPost, path: "/deleted-users/{id}/restore", summary: "Restore a deleted person",
		description: "When somebody else has the username or the default extension by now, give another one: the body changes the restored person as PATCH /users/{username} does.",
		errors:      []int{http.StatusConflict}, optionalBody: true,
		request: map[string]any{"username": "jane.roe2", "default_extension": nil}, response: exampleUser(),
	}, a.restoreUser)
	register(g, operation{
		id: "purgeUser", method: http.MethodDelete, path: "/deleted-users/{id}", summary: "Remove a deleted person for good",
		description: "With tokens and picture. It cannot be undone.",
		status:      http.StatusNoContent, errors: []int{http.StatusConflict},
	}, func(ctx context.Context, input *DeletedUserPath) (*noOutput, error) {
		return nil, a.users(ctx).Purge(ctx, input.ID)
	})
}

type listDeletedUsersInput struct {
	Search string `doc:"Only those with this in a name, an email, a number or any other text of theirs, in any case." query:"search"`
	Paging
}

func (a *api) listDeletedUsers(ctx context.Context, input *listDeletedUsersInput) (*listOutput[shownUser], error) {
	page, err := a.users(ctx).List(ctx, userman.Query{Search: input.Search, Status: userman.StatusDeleted, PageRequest: input.page()})
	if err != nil {
		return nil, err
	}
	return newListOutput(page, showUser), nil
}

type restoreUserInput struct {
	DeletedUserPath
	Body *UserChanges
}

func (a *api) restoreUser(ctx context.Context, input *restoreUserInput) (*userOutput, error) {
	users := a.users(ctx)
	var edit func(*userman.User) error
	if input.Body != nil {
		edit = func(u *userman.User) error {
			return store.NewInvalidError(input.Body.applyTo(u, users.Permissions())...)
		}
	}
	shown, err := userResult(users.Restore(ctx, input.ID, edit))
	if err != nil {
		return nil, err
	}
	return record(shown, shown.etag()), nil
}

func exampleDeleted() shownUser {
	shown := exampleUser()
	shown.DeletedAt = shown.UpdatedAt
	return shown
}
