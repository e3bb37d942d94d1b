package resource

import (
	"context"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// UserView is a user as JSON shows it. Secret is a generated password, which is
// shown only once.
type UserView struct {
	*userman.User

	Secret string `json:"secret,omitempty"`
}

// Users declares users. The function service returns the service for whoever the
// context names.
func Users(service func(context.Context) *userman.Service) *Type[userman.User] {
	t := &Type[userman.User]{
		Name: "user", Plural: "users", Kind: userman.KindUser, Key: "username",
		Fields: userman.Fields(), Parts: []Part[userman.User]{userGroups()},
		Inputs: []field.Meta{{
			Name: "generate", Kind: field.KindBool, Label: "Generate a password", Help: "Generates a password. The field secret shows it only once.",
		}},
		Secret: &field.Meta{
			Name: "password", Kind: field.KindText, Label: "Password",
			Help: "At least 12 characters, not the username, and hard to guess. Without a password the user cannot log in until they set one with a link.",
		},
		Columns: []string{"username", "display_name", "default_extension", "email", "groups"},
		Sort:    userman.SortFields(), Search: "Only users with these words, in any order, in a name, an email address, a number or another text field. Case does not matter.",
		Filters: userFilters(),
		New:     func() *userman.User { return &userman.User{} },
		KeyOf:   func(u *userman.User) string { return u.Username },
		Show: func(r Result[userman.User]) any {
			return UserView{User: r.Record, Secret: r.Secret.Reveal()}
		},
		// A login does not change the ETag: an edit overwrites nothing of it.
		Untag: func(u *userman.User) { u.LastLoginAt = time.Time{} },
	}
	setCalls(t, service, (*userman.Service).Get, (*userman.Service).Update)
	t.List = func(ctx context.Context, q Query) (*store.Page[Result[userman.User]], error) {
		return wrapPage(service(ctx).List(ctx, userQuery(q)))
	}
	t.Prepare = func(ctx context.Context, d *Draft[userman.User]) (Commit[userman.User], error) {
		return prepareUser(ctx, service(ctx), d)
	}
	t.Preview = func(ctx context.Context, key string, change func(*userman.User) error) (*userman.Revocations, error) {
		return service(ctx).PreviewRevocations(ctx, MaxRevocations, func(ctx context.Context, users *userman.Service) error {
			_, err := users.Update(ctx, key, change)
			return err
		})
	}
	t.Delete = func(ctx context.Context, key string, _ bool) error { return service(ctx).Delete(ctx, key) }
	return t.check()
}

func userGroups() Part[userman.User] {
	return Part[userman.User]{
		Meta: field.Meta{
			Name: "groups", Kind: field.KindList, Label: "Groups", Section: "Groups", Placeholder: "GROUP", Format: field.FormatChoice,
			Help: "All groups of the user. If omitted, a new user joins the default groups.",
		},
		Get: func(u *userman.User) field.Value { return field.ListValue(u.Groups) },
		Set: func(u *userman.User, v field.Value) []store.FieldError {
			u.Groups = v.List()
			return nil
		},
	}
}

func userFilters() []field.Meta {
	text := func(name, label, help string) field.Meta {
		return field.Meta{Name: name, Kind: field.KindText, Label: label, Help: help}
	}
	status := text("status", "Status", "Only users with this status. Without it, the list omits deleted users.")
	status.OneOf = []string{string(userman.StatusEnabled), string(userman.StatusDisabled), string(userman.StatusDeleted)}
	return []field.Meta{
		status,
		text("group", "Group", "Only the members of this group."),
		text("extension", "Extension", "Only users with this default or linked extension."),
		text("email", "Email", "Only users with this primary email address. Case does not matter."),
		text("directory", "Directory", "Only users of this directory."),
		{Name: "not_welcomed", Kind: field.KindBool, Label: "Welcome email", Help: "Only users who never received a welcome email."},
		{Name: "no_password", Kind: field.KindBool, Label: "Password", Help: "Only users who have no password and are of no directory."},
	}
}

func userQuery(q Query) userman.Query {
	query := userman.Query{
		Search: q.Search, Status: userman.Status(q.Text("status")), Group: q.Text("group"), Extension: q.Text("extension"),
		Email: q.Text("email"), NotWelcomed: q.Filters["not_welcomed"].Bool(), NoPassword: q.Filters["no_password"].Bool(), Sort: q.Sort, PageRequest: q.PageRequest,
	}
	if directory, ok := q.Filters["directory"]; ok {
		name := directory.Text()
		query.Directory = &name
	}
	return query
}

// prepareUser generates the password if the draft says so.
func prepareUser(ctx context.Context, users *userman.Service, d *Draft[userman.User]) (Commit[userman.User], error) {
	generate := d.Inputs["generate"].Bool()
	password, errs, err := NewPassword(users, d.Secret, generate)
	if err != nil {
		return nil, err
	}
	n := userman.NewUser{User: d.Record, Password: password, NoDefaultGroups: d.Has("groups")}
	create, err := users.PrepareCreate(ctx, n, slices.Concat(d.Errors, errs)...)
	return func(ctx context.Context) (Result[userman.User], error) {
		result, err := wrap(create(ctx))
		if err == nil && generate {
			result.Secret = password
		}
		return result, err
	}, err
}

// NewPassword returns the password that is given, or a generated one.
func NewPassword(users *userman.Service, given store.Secret, generate bool) (store.Secret, []store.FieldError, error) {
	switch {
	case !generate:
		return given, nil, nil
	case !given.IsZero():
		return given, []store.FieldError{{Field: "generate", Code: store.CodeConflict, Message: "give a password or have one generated, not both"}}, nil
	}
	password, err := users.GeneratePassword()
	return password, nil, err
}
