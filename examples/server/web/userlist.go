package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// userList says whether the list has deleted users only.
type userList struct{ Deleted bool }

// usernameColumn is only on wide screens: the first column names the user too.
const usernameColumn = "Username"

// userColumns returns the columns of users.
func userColumns(last ...column) []column {
	return append([]column{
		{"User", "last_name"}, {usernameColumn, "username"}, {"Extension", "default_extension"}, {"Groups", ""},
	}, last...)
}

// userEmpty is the list without users.
func userEmpty() emptyState {
	return emptyState{"users", "There are no users yet", "Add the first user, and send a welcome email with a link to set a password.", "Add the first user", "/users/new"}
}

// userFilterChoices returns the values of the filters of users.
func (u *userPages) userFilterChoices(ctx context.Context) (map[string][]choice, error) {
	groups, err := u.users(ctx).Groups().List(ctx)
	if err != nil {
		return nil, err
	}
	choices := map[string][]choice{
		"status": {
			{Value: string(userman.StatusEnabled), Label: "Enabled"}, {Value: string(userman.StatusDisabled), Label: "Disabled"},
			{Value: string(userman.StatusDeleted), Label: "Deleted"},
		},
		"no_password":  {{Value: "1", Label: "None"}},
		"not_welcomed": {{Value: "1", Label: "Not sent yet"}},
	}
	for _, g := range groups {
		choices["group"] = append(choices["group"], choice{Value: g.Name, Label: g.Name})
	}
	for _, d := range u.site.Users.Directories() {
		choices["directory"] = append(choices["directory"], choice{Value: d.Name(), Label: d.Name()})
	}
	return choices, nil
}

// describeList shows deleted users without the actions on users.
func (u *userPages) describeList(_ context.Context, r *request, body *listPage[userman.User]) error {
	deleted := userman.Status(r.query("status")) == userman.StatusDeleted
	body.Extra = userList{deleted}
	if deleted {
		body.columns = userColumns(column{"Deleted", ""}, column{"Actions", ""})
		body.base = map[string]string{"status": string(userman.StatusDeleted)}
		body.Bulk, body.Narrowed = nil, body.Search != "" || len(body.Kept) > len(body.base)
		body.Chips = slices.DeleteFunc(body.Chips, func(c chip) bool { return c.name == "status" })
		body.Empty = emptyState{Icon: "users", Title: "No deleted users", Text: "Users who are deleted stay here until they are purged."}
	}
	return nil
}

// nameOfUser names a user of a selection.
func nameOfUser(now *userman.User) (name, detail string) {
	name = now.Name()
	if name != now.Username {
		detail = now.Username
	}
	if now.DefaultExtension != "" {
		detail = strings.TrimPrefix(detail+", extension "+now.DefaultExtension, ", ")
	}
	return name, detail
}

// deletedUserPath is the start of the pages of a deleted user.
func deletedUserPath(now *userman.User) string {
	return "/deleted-users/" + url.PathEscape(string(now.ID))
}

// bulkActions are the actions on selected users.
func (u *userPages) bulkActions() []bulkAction[userman.User] {
	return []bulkAction[userman.User]{
		{
			Name: "enable", Label: "Enable", Done: "enabled", Inverse: "disable", Already: "already was", AlreadyMany: "already were",
			already: func(_ *request, now *userman.User) bool { return !now.Disabled },
			do: func(ctx context.Context, _ *request, now *userman.User) error {
				_, err := u.users(ctx).Enable(ctx, now.Username)
				return err
			},
		},
		{
			Name: "disable", Label: "Disable", Done: "disabled", Inverse: "enable", Already: "already was", AlreadyMany: "already were",
			already: func(_ *request, now *userman.User) bool { return now.Disabled },
			do: func(ctx context.Context, _ *request, now *userman.User) error {
				_, err := u.users(ctx).Disable(ctx, now.Username)
				return err
			},
		},
		{Name: "welcome", Label: "Send welcome email", Done: "sent a welcome email", do: func(ctx context.Context, _ *request, now *userman.User) error {
			_, err := u.users(ctx).Mails().Send(ctx, usermail.Welcome, now.Username)
			return err
		}},
		u.membershipAction((*userman.GroupService).AddMembers, true, bulkAction[userman.User]{
			Name: "group", Label: "Add to group", Phrase: "Add %s to", Done: "added to", Inverse: "ungroup", Already: "was already a member", AlreadyMany: "were already members",
		}),
		u.membershipAction((*userman.GroupService).RemoveMembers, false, bulkAction[userman.User]{
			Name: "ungroup", Label: "Remove from group", Phrase: "Remove %s from", Done: "removed from", Inverse: "group", Already: "was not a member", AlreadyMany: "were not members",
		}),
		{Name: "delete", Label: "Delete", Danger: true, Done: "deleted", Note: "You can restore deleted users under More, Deleted users.", ask: u.askDeletion, do: func(ctx context.Context, _ *request, now *userman.User) error {
			return u.users(ctx).Delete(ctx, now.Username)
		}},
	}
}

// membershipAction completes an action that makes users members of a group, or no members.
// It asks before this ends the credentials of a user.
func (u *userPages) membershipAction(change func(gs *userman.GroupService, ctx context.Context, group string, usernames ...string) error, member bool, a bulkAction[userman.User]) bulkAction[userman.User] {
	a.Field = "group"
	a.already = func(r *request, now *userman.User) bool {
		folded := userman.FoldGroupName(r.form("to-group"))
		return member == slices.ContainsFunc(now.Groups, func(name string) bool { return userman.FoldGroupName(name) == folded })
	}
	a.do = func(ctx context.Context, r *request, now *userman.User) error {
		return change(u.users(ctx).Groups(), ctx, r.form("to-group"), now.Username)
	}
	a.ask = func(ctx context.Context, r *request, now *userman.User) (notes []string, needed bool, err error) {
		revocations, err := u.users(ctx).PreviewRevocations(ctx, resource.MaxRevocations, func(ctx context.Context, users *userman.Service) error {
			return change(users.Groups(), ctx, r.form("to-group"), now.Username)
		})
		if err != nil {
			return nil, false, err
		}
		for _, ended := range revocations.Items {
			for _, kind := range ended.Credentials {
				notes = append(notes, "Ends a credential: "+string(kind)+". Its creator may not hand out what this grants.")
			}
		}
		return notes, revocations.Total > 0, nil
	}
	return a
}

// askDeletion says what refers to a user. This prevents the deletion.
func (u *userPages) askDeletion(ctx context.Context, _ *request, now *userman.User) (notes []string, needed bool, err error) {
	references, err := u.users(ctx).References(ctx, now.Username)
	for _, reference := range references {
		notes = append(notes, "Cannot be deleted: "+reference.Kind+" "+reference.Key+" uses this user.")
	}
	return notes, true, err
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
