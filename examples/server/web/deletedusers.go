package web

import (
	"context"
	"net/url"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// deletedUsersPath is the list of deleted users.
const deletedUsersPath = "/users?status=deleted"

func deletedPath(now *userman.User) string { return "/deleted-users/" + url.PathEscape(now.ID) }

// deletedUser returns the one that the address names.
func (u *userPages) deletedUser(ctx context.Context, r *request) (*userman.User, error) {
	now, err := u.users(ctx).GetByID(ctx, r.PathValue("id"))
	if err == nil && now.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.KindDeletedUser}
	}
	return now, err
}

// restorePage is the form that restores a deleted user.
type restorePage struct {
	Problems                   []problem
	Name, Action               string
	Username, DefaultExtension formField
}

func (u *userPages) restoreForm(ctx context.Context, r *request) (response, error) {
	now, err := u.deletedUser(ctx, r)
	if err != nil {
		return nil, err
	}
	return u.restorePage(now, now.Username, now.DefaultExtension, formErrors{}), nil
}

func (u *userPages) restorePage(now *userman.User, username, extension string, errs formErrors) response {
	body := restorePage{Problems: errs.summary(u.labels(input{})), Name: now.Name(), Action: deletedPath(now) + "/restore"}
	for _, f := range u.Fields.Fields() {
		switch f.Name {
		case "username":
			body.Username = *fieldOf(f.Meta, username, errs)
		case "default_extension":
			body.DefaultExtension = *fieldOf(f.Meta, extension, errs)
		}
	}
	body.Username.Hint = "Change it if another user has taken it."
	body.DefaultExtension.Hint = "Change it or leave it empty if another user has taken it."
	return formPage(errs, "deleteduser", "Restore "+now.Name(), body)
}

func (u *userPages) restore(ctx context.Context, r *request) (response, error) {
	now, err := u.deletedUser(ctx, r)
	if err != nil {
		return nil, err
	}
	username, extension := r.form("username"), r.form("default_extension")
	restored, err := u.users(ctx).Restore(ctx, now.ID, func(now *userman.User) error {
		now.Username, now.DefaultExtension = username, extension
		return nil
	})
	if errs, ok := formErrorsOf(err); ok {
		return u.restorePage(now, username, extension, errs), nil
	}
	if err != nil {
		return nil, err
	}
	return redirect{Path: u.path(restored), Flash: restored.Username + " was restored. Earlier links no longer work."}, nil
}

func (u *userPages) confirmPurge(ctx context.Context, r *request) (response, error) {
	now, err := u.deletedUser(ctx, r)
	if err != nil {
		return nil, err
	}
	return purgeQuestion(now).response(formErrors{}), nil
}

func purgeQuestion(now *userman.User) confirmation {
	return confirmation{
		Title: "Purge " + now.Name() + "?", Back: deletedUsersPath, Action: deletedPath(now) + "/purge", Yes: "Purge " + now.Username, Danger: true,
		Consequences: []string{
			"The user, their API tokens and their picture are permanently removed.",
			"This cannot be undone. The audit log is kept.",
		},
	}
}

func (u *userPages) purge(ctx context.Context, r *request) (response, error) {
	now, err := u.deletedUser(ctx, r)
	if err != nil {
		return nil, err
	}
	err = u.users(ctx).Purge(ctx, now.ID)
	if errs, ok := formErrorsOf(err); ok {
		return purgeQuestion(now).response(errs), nil
	}
	return redirect{Path: deletedUsersPath, Flash: now.Username + " was purged."}, err
}
