package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

const tagAMIAccounts = "managers"

// amiAccountKind is what package manager calls an AMI account in the audit trail.
const amiAccountKind = "AMI account"

// AMIAccountPath is the AMI account that a path names.
type AMIAccountPath struct {
	Name string `doc:"The name of the account, in any case." path:"name"`
}

// AMIAccountTarget is an AMI account to be changed.
type AMIAccountTarget struct {
	AMIAccountPath
	IfMatch
}

type managerOutput = recordOutput[shownManager]

const applyNote = "It reaches Asterisk with the next apply: POST /config/apply."

func (a *api) registerAMIAccounts() {
	g := operationGroup{api: a, tag: tagAMIAccounts, section: app.SectionAMIAccounts}
	register(g, operation{
		id: "listManagers", method: http.MethodGet, path: "/managers", summary: "List AMI accounts",
		response: list[shownManager]{Items: []shownManager{exampleManager()}, Next: ""},
	}, a.listAMIAccounts)
	register(g, operation{
		id: "createManager", method: http.MethodPost, path: "/managers", summary: "Make an AMI account",
		description: "A preset fills in read, write, write_timeout and event_filters; fields that are given override it. Without a secret one is generated, and shown this once. " + applyNote,
		status:      http.StatusCreated, errors: []int{http.StatusConflict},
		request:  map[string]any{"name": "crmpro_ami", "preset": "click-to-call", "permit": []string{"10.0.0.0/8"}, "owner": "CRM team"},
		response: exampleSecretManager(),
	}, a.createAMIAccount)
	register(g, operation{
		id: "getManager", method: http.MethodGet, path: "/managers/{name}", summary: "Show an AMI account",
		notModified: true, response: exampleManager(),
	}, a.getAMIAccount)
	register(g, operation{
		id: "updateManager", method: http.MethodPatch, path: "/managers/{name}", summary: "Change an AMI account",
		description: "What is absent stays as it is; null sets a field to its default. Lists are replaced as a whole (RFC 7396). " + applyNote,
		errors:      []int{http.StatusConflict, http.StatusPreconditionFailed},
		request:     map[string]any{"permit": []string{"10.1.0.0/16", "192.0.2.7"}, "note": nil},
		response:    exampleManager(),
	}, a.updateAMIAccount)
	register(g, operation{
		id: "deleteManager", method: http.MethodDelete, path: "/managers/{name}", summary: "Delete an AMI account",
		description: "Its sessions end with the next apply.",
		status:      http.StatusNoContent, errors: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, a.deleteAMIAccount)
	a.registerAMIAccountActions(g)
	a.registerAMIAccountMetadata(g)
}

type listManagersInput struct {
	Search string `doc:"Only those whose name, owner or note contains this, in any case."              query:"search"`
	Sort   string `doc:"Sort by name, created_at or updated_at; with - in front for descending order." query:"sort"`
	Paging
}

func (a *api) listAMIAccounts(ctx context.Context, input *listManagersInput) (*listOutput[shownManager], error) {
	order, err := store.ParseSort(input.Sort, manager.SortFields())
	if err != nil {
		return nil, err
	}
	page, err := a.app.AMIAccounts.List(ctx, manager.Query{Search: input.Search, Sort: order, PageRequest: input.page()})
	if err != nil {
		return nil, err
	}
	return newListOutput(page, showManager), nil
}

type createManagerInput struct {
	IdempotencyKey
	Body NewManager
}

func (a *api) createAMIAccount(ctx context.Context, input *createManagerInput) (*createdOutput[shownManager], error) {
	event := newAuditEvent("create", amiAccountKind, input.Body.Name)
	result, err := idempotent(ctx, a, input.IdempotencyKey, event, func(ctx context.Context) (shownManager, error) {
		u := &manager.Account{Name: input.Body.Name, Secret: input.Body.Secret, AllowMultipleLogin: true}
		errs := append(applyPreset(input.Body.Preset, u), input.Body.applyTo(u)...)
		created, err := a.app.AMIAccounts.Create(ctx, u)
		if err := mergeFieldErrors(errs, err); err != nil {
			return shownManager{}, err
		}
		return withGeneratedSecret(created, input.Body.Secret), nil
	})
	if err != nil {
		return nil, err
	}
	a.applyRunner.InvalidateStatus()
	return &createdOutput[shownManager]{
		ETag: result.etag(), Location: prefix + "/managers/" + url.PathEscape(result.Name), Body: result,
	}, nil
}

func applyPreset(name string, u *manager.Account) []store.FieldError {
	if name == "" {
		return nil
	}
	preset, ok := manager.LookupPreset(name)
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
	AMIAccountPath
	IfNoneMatch string `doc:"The ETag of the record that the visitor has already: 304 when there is no newer one." header:"If-None-Match"`
}

func (a *api) getAMIAccount(ctx context.Context, input *getManagerInput) (*managerOutput, error) {
	u, err := a.app.AMIAccounts.Get(ctx, input.Name)
	if err != nil {
		return nil, err
	}
	shown := showManager(u)
	return record(shown, shown.etag()).ifNoneMatch(input.IfNoneMatch), nil
}

// changeAMIAccount changes one AMI account, on the condition of the request.
func (a *api) changeAMIAccount(ctx context.Context, input *AMIAccountTarget, action string, change func(context.Context) (shownManager, error)) (*managerOutput, error) {
	var changed shownManager
	event := newAuditEvent(action, amiAccountKind, input.Name)
	err := a.ifMatch(ctx, input.IfMatch, event, a.currentAMIAccountETag(input.Name), func(ctx context.Context) (err error) {
		changed, err = change(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	a.applyRunner.InvalidateStatus()
	return record(changed, changed.etag()), nil
}

func (a *api) currentAMIAccountETag(name string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		u, err := a.app.AMIAccounts.Get(ctx, name)
		if err != nil {
			return "", err
		}
		return showManager(u).etag(), nil
	}
}

type updateManagerInput struct {
	AMIAccountTarget
	Body ManagerChanges
}

func (a *api) updateAMIAccount(ctx context.Context, input *updateManagerInput) (*managerOutput, error) {
	return a.changeAMIAccount(ctx, &input.AMIAccountTarget, "update", func(ctx context.Context) (shownManager, error) {
		u, err := a.app.AMIAccounts.Update(ctx, input.Name, func(u *manager.Account) error {
			return store.NewInvalidError(input.Body.applyTo(u)...)
		})
		if err != nil {
			return shownManager{}, err
		}
		return showManager(u), nil
	})
}

func (a *api) deleteAMIAccount(ctx context.Context, input *AMIAccountTarget) (*noOutput, error) {
	event := newAuditEvent("delete", amiAccountKind, input.Name)
	err := a.ifMatch(ctx, input.IfMatch, event, a.currentAMIAccountETag(input.Name), func(ctx context.Context) error {
		return a.app.AMIAccounts.Delete(ctx, input.Name)
	})
	if err != nil {
		return nil, err
	}
	a.applyRunner.InvalidateStatus()
	return nil, nil
}
