package web

import (
	"context"
	"net/url"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// userFilters narrow the list of users. Deleted says that it has deleted users
// only.
type userFilters struct {
	Filters []formField
	Deleted bool
}

func userColumns(last ...column) []column {
	return append([]column{
		{"Name", "last_name"}, {"Username", "username"}, {"Extension", "default_extension"}, {"Groups", ""},
	}, last...)
}

// describeList draws the filters as they are set.
func (u *userPages) describeList(ctx context.Context, r *request, body *listPage[userman.User]) error {
	groups, err := u.users(ctx).Groups().List(ctx)
	if err != nil {
		return err
	}
	now := userman.Status(r.query("status"))
	status := formField{Name: "status", Label: "Status", Choices: chosenOf([]choice{
		{Label: "Enabled or disabled"}, {Value: string(userman.StatusEnabled), Label: "Enabled"},
		{Value: string(userman.StatusDisabled), Label: "Disabled"}, {Value: string(userman.StatusDeleted), Label: "Deleted"},
	}, string(now))}
	group, chosen := formField{Name: "group", Label: "Group", Choices: []choice{{Label: "Any"}}}, userman.FoldGroupName(r.query("group"))
	for _, g := range groups {
		group.Choices = append(group.Choices, choice{Value: g.Name, Label: g.Name, Chosen: userman.FoldGroupName(g.Name) == chosen})
	}
	welcome := formField{Name: "not_welcomed", Label: "Welcome email", Choices: []choice{
		{Label: "Any"}, {Value: "1", Label: "Not sent yet", Chosen: r.query("not_welcomed") != ""},
	}}
	body.Extra = userFilters{Filters: []formField{status, group, welcome}, Deleted: now == userman.StatusDeleted}
	if now == userman.StatusDeleted {
		body.columns = userColumns(column{"Deleted", ""}, column{"Actions", ""})
	}
	return nil
}

// deletedUserPath is the start of the pages of a deleted user.
func deletedUserPath(now *userman.User) string {
	return "/deleted-users/" + url.PathEscape(string(now.ID))
}

// deletedRoutes are the pages that restore and purge deleted users.
func (u *userPages) deletedRoutes() []route {
	const one = "/deleted-users/{id}"
	d := u.record
	d.load, d.user = u.deletedUser, nil
	d.path = deletedUserPath
	d.back = func(*userman.User) string { return "/users?status=deleted" }
	d = withDefaults(d)
	return append(d.confirmed(app.SectionUsers, one, "/restore", u.askRestore, u.restore), d.confirmed(app.SectionUsers, one, "/purge", nil, u.purge)...)
}

// deletedUser returns the one that the address names.
func (u *userPages) deletedUser(ctx context.Context, r *request) (*userman.User, error) {
	now, err := u.users(ctx).GetByID(ctx, store.UserID(r.PathValue("id")))
	if err == nil && now.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.KindDeletedUser}
	}
	return now, err
}

// askRestore asks for another username and extension where they are taken.
func (u *userPages) askRestore(_ context.Context, r *request, now *userman.User, c *confirmation) error {
	hints := map[string]string{
		"username": "Change it if another user has taken it.", "default_extension": "Change it or leave it empty if another user has taken it.",
	}
	in := u.of(now)
	if r.PostForm != nil {
		in = u.read(r.PostForm)
	}
	for _, m := range u.metas(true) {
		if hint, ok := hints[m.Name]; ok {
			f := u.control(m, in, formErrors{})
			f.Hint = hint
			c.Controls = append(c.Controls, f)
		}
	}
	return nil
}

func (u *userPages) restore(ctx context.Context, r *request, now *userman.User) (response, error) {
	restored, err := u.users(ctx).Restore(ctx, now.ID, func(now *userman.User) error {
		now.Username, now.DefaultExtension = r.form("username"), r.form("default_extension")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return redirect{Path: u.path(restored), Flash: restored.Username + " was restored. Earlier links no longer work."}, nil
}

func (u *userPages) purge(ctx context.Context, _ *request, now *userman.User) (response, error) {
	return redirect{Path: "/users?status=deleted", Flash: now.Username + " was purged."}, u.users(ctx).Purge(ctx, now.ID)
}
