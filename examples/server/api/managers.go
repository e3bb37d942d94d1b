package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

const tagManagers = "managers"

// managerKind is what package manager calls an AMI account in the audit trail.
const managerKind = "AMI account"

// ManagerName is the AMI account that a path names.
type ManagerName struct {
	Name string `doc:"The name of the account, in any case." path:"name"`
}

// ManagerTarget is an AMI account to be changed.
type ManagerTarget struct {
	ManagerName
	IfMatch
}

type managerOutput = recordOutput[shownManager]

const pendingNote = "It reaches Asterisk with the next apply: POST /config/apply."

func (a *api) registerManagers() {
	g := group{api: a, tag: tagManagers, section: site.SectionManagers}
	register(g, operation{
		id: "listManagers", method: http.MethodGet, path: "/managers", summary: "List AMI accounts",
		response: list[shownManager]{Items: []shownManager{exampleManager()}, Next: ""},
	}, a.listManagers)
	register(g, operation{
		id: "createManager", method: http.MethodPost, path: "/managers", summary: "Make an AMI account",
		description: "A preset fills in read, write, write_timeout and event_filters; fields that are given override it. Without a secret one is generated, and shown this once. " + pendingNote,
		status:      http.StatusCreated, errors: []int{http.StatusConflict},
		request:  map[string]any{"name": "crmpro_ami", "preset": "click-to-call", "permit": []string{"10.0.0.0/8"}, "owner": "CRM team"},
		response: exampleSecretManager(),
	}, a.createManager)
	register(g, operation{
		id: "getManager", method: http.MethodGet, path: "/managers/{name}", summary: "Show an AMI account",
		known: true, response: exampleManager(),
	}, a.getManager)
	register(g, operation{
		id: "updateManager", method: http.MethodPatch, path: "/managers/{name}", summary: "Change an AMI account",
		description: "What is absent stays as it is; null sets a field to its default. Lists are replaced as a whole (RFC 7396). " + pendingNote,
		errors:      []int{http.StatusConflict, http.StatusPreconditionFailed},
		request:     map[string]any{"permit": []string{"10.1.0.0/16", "192.0.2.7"}, "note": nil},
		response:    exampleManager(),
	}, a.updateManager)
	register(g, operation{
		id: "deleteManager", method: http.MethodDelete, path: "/managers/{name}", summary: "Delete an AMI account",
		description: "Its sessions end with the next apply.",
		status:      http.StatusNoContent, errors: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, a.deleteManager)
	a.registerManagerActs(g)
	a.registerManagerChoices(g)
}

type listManagersInput struct {
	Search string `doc:"Only those whose name, owner or note contains this, in any case."              query:"search"`
	Sort   string `doc:"Sort by name, created_at or updated_at; with - in front for descending order." query:"sort"`
	Paging
}

func (a *api) listManagers(ctx context.Context, input *listManagersInput) (*listOutput[shownManager], error) {
	order, err := store.ParseOrder(input.Sort, manager.OrderFields())
	if err != nil {
		return nil, err
	}
	page, err := a.site.Managers.List(ctx, manager.Query{Search: input.Search, Order: order, Page: input.page()})
	if err != nil {
		return nil, err
	}
	return listed(page, showManager), nil
}

type createManagerInput struct {
	IdempotencyKey
	Body NewManager
}

func (a *api) createManager(ctx context.Context, input *createManagerInput) (*createdOutput[shownManager], error) {
	event := eventOf("create", managerKind, input.Body.Name)
	made, err := once(ctx, a, input.IdempotencyKey, event, func(ctx context.Context) (shownManager, error) {
		u := &manager.User{Name: input.Body.Name, Secret: input.Body.Secret, AllowMultipleLogin: true}
		unread := append(usePreset(input.Body.Preset, u), input.Body.set(u)...)
		created, err := a.site.Managers.Create(ctx, u)
		if err := judged(unread, err); err != nil {
			return shownManager{}, err
		}
		return withGenerated(created, input.Body.Secret), nil
	})
	if err != nil {
		return nil, err
	}
	a.runner.Changed()
	return &createdOutput[shownManager]{
		ETag: made.tag(), Location: prefix + "/managers/" + url.PathEscape(made.Name), Body: made,
	}, nil
}

func usePreset(name string, u *manager.User) []store.FieldError {
	if name == "" {
		return nil
	}
	preset, ok := manager.PresetNamed(name)
	if !ok {
		var names []string
		for _, p := range manager.Presets() {
			names = append(names, p.Name)
		}
		return []store.FieldError{{Field: "preset", Code: "oneof", Message: "choose one of " + strings.Join(names, ", ")}}
	}
	preset.ApplyTo(u)
	return nil
}

type getManagerInput struct {
	ManagerName
	IfNoneMatch string `doc:"The ETag of the record that the visitor has already: 304 when there is no newer one." header:"If-None-Match"`
}

func (a *api) getManager(ctx context.Context, input *getManagerInput) (*managerOutput, error) {
	u, err := a.site.Managers.Get(ctx, input.Name)
	if err != nil {
		return nil, err
	}
	shown := showManager(u)
	return record(shown, shown.tag()).unlessKnown(input.IfNoneMatch), nil
}

// changeManager changes one AMI account, on the condition of the request.
func (a *api) changeManager(ctx context.Context, input *ManagerTarget, action string, change func(context.Context) (shownManager, error)) (*managerOutput, error) {
	var changed shownManager
	event := eventOf(action, managerKind, input.Name)
	err := a.ifMatch(ctx, input.IfMatch, event, a.managerTag(input.Name), func(ctx context.Context) (err error) {
		changed, err = change(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	a.runner.Changed()
	return record(changed, changed.tag()), nil
}

func (a *api) managerTag(name string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		u, err := a.site.Managers.Get(ctx, name)
		if err != nil {
			return "", err
		}
		return showManager(u).tag(), nil
	}
}

type updateManagerInput struct {
	ManagerTarget
	Body ManagerChanges
}

func (a *api) updateManager(ctx context.Context, input *updateManagerInput) (*managerOutput, error) {
	return a.changeManager(ctx, &input.ManagerTarget, "update", func(ctx context.Context) (shownManager, error) {
		u, err := a.site.Managers.Update(ctx, input.Name, func(u *manager.User) error {
			return store.Invalid(input.Body.set(u)...)
		})
		if err != nil {
			return shownManager{}, err
		}
		return showManager(u), nil
	})
}

func (a *api) deleteManager(ctx context.Context, input *ManagerTarget) (*noOutput, error) {
	event := eventOf("delete", managerKind, input.Name)
	err := a.ifMatch(ctx, input.IfMatch, event, a.managerTag(input.Name), func(ctx context.Context) error {
		return a.site.Managers.Delete(ctx, input.Name)
	})
	if err != nil {
		return nil, err
	}
	a.runner.Changed()
	return nil, nil
}
