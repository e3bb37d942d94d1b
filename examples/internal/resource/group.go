package resource

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Groups declares groups of users. The function service returns the service for
// whoever the context names.
func Groups(service func(context.Context) *userman.Service) *Type[userman.Group] {
	t := &Type[userman.Group]{
		Name: "group", Plural: "groups", Kind: userman.KindGroup, Key: "name",
		Fields:  userman.GroupFields(),
		Columns: []string{"name", "description", "priority", "default", "members"},
		Unpaged: true,
		Force:   "Deletes the group even if it has members.",
		New:     func() *userman.Group { return &userman.Group{} },
		KeyOf:   func(g *userman.Group) string { return g.Name },
		// Who joins or leaves does not change the ETag: an edit overwrites nothing
		// of it.
		Version: func(g *userman.Group) any {
			tagged := *g
			tagged.Members = 0
			return &tagged
		},
	}
	t.List = func(ctx context.Context, _ Query) (*store.Page[Result[userman.Group]], error) {
		groups, err := service(ctx).Groups(ctx)
		return wrapPage(&store.Page[*userman.Group]{Items: groups}, err)
	}
	t.Get = func(ctx context.Context, name string) (Result[userman.Group], error) {
		return wrap(service(ctx).Group(ctx, name))
	}
	t.Prepare = func(_ context.Context, d *Draft[userman.Group]) (Commit[userman.Group], error) {
		return func(ctx context.Context) (Result[userman.Group], error) {
			return wrap(service(ctx).CreateGroup(ctx, d.Record, d.Errors...))
		}, nil
	}
	t.Update = func(ctx context.Context, name string, change func(*userman.Group) error) (Result[userman.Group], error) {
		return wrap(service(ctx).UpdateGroup(ctx, name, change))
	}
	t.Delete = func(ctx context.Context, name string, force bool) error {
		return service(ctx).DeleteGroup(ctx, name, force)
	}
	return t.check()
}
