package resource

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Groups declares groups of users. The function service returns the service for
// the actor of the context.
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
		Untag: func(g *userman.Group) { g.Members = 0 },
	}
	t.List = func(ctx context.Context, _ Query) (*store.Page[Result[userman.Group]], error) {
		groups, err := service(ctx).Groups().List(ctx)
		return wrapPage(&store.Page[*userman.Group]{Items: groups}, err)
	}
	t.Prepare = func(_ context.Context, d *Draft[userman.Group]) (Commit[userman.Group], error) {
		return func(ctx context.Context) (Result[userman.Group], error) {
			return wrap(service(ctx).Groups().Create(ctx, d.Record, d.Errors...))
		}, nil
	}
	setCalls(t, func(ctx context.Context) *userman.GroupService { return service(ctx).Groups() }, (*userman.GroupService).Get, (*userman.GroupService).Update)
	t.Preview = func(ctx context.Context, name string, change func(*userman.Group) error) (*userman.Revocations, error) {
		return service(ctx).PreviewRevocations(ctx, MaxRevocations, func(ctx context.Context, users *userman.Service) error {
			_, err := users.Groups().Update(ctx, name, change)
			return err
		})
	}
	t.Delete = func(ctx context.Context, name string, force bool) error {
		return service(ctx).Groups().Delete(ctx, name, force)
	}
	return t.check()
}
