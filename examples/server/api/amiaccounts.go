package api

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func (a *api) amiAccounts(context.Context) *manager.Service { return a.app.AMIAccounts }

func (a *api) registerAMIAccounts() {
	e := &endpoint[manager.Account]{
		Type:           resource.AMIAccounts(a.amiAccounts, func(account *manager.Account) []manager.Warning { return a.app.Host().Lint(account) }),
		operationGroup: a.group("ami-accounts", app.SectionAMIAccounts),
		noun:           "AMIAccount", path: "/ami-accounts",
		objects: []object[manager.Account]{a.eventFiltersObject()},
		prepare: func(d *resource.Draft[manager.Account]) {
			d.Errors = append(d.Errors, store.FieldErrorsAt("preset", d.Record.ApplyPreset(d.Inputs["preset"].Text()))...)
		},
		changed: a.jobs.InvalidateStatus,
	}
	e.registerRecord()
	registerActions(e, a.amiAccounts,
		action[*manager.Service, manager.Account]{"enableAMIAccount", "POST enable", "enable", (*manager.Service).Enable},
		action[*manager.Service, manager.Account]{"disableAMIAccount", "POST disable", "disable", (*manager.Service).Disable},
	)
	a.registerAMIAccountSecret(e)
	e.register(operation{id: "probeAMIAccount", route: "POST " + e.one() + "/probe", response: schemaFor[manager.ProbeResult](a.document)}, a.probeAMIAccount)
	registerFixedList(e.operationGroup, "listPrivilegeClasses", "GET /privilege-classes", manager.Classes)
	registerFixedList(e.operationGroup, "listAMIAccountPresets", "GET /ami-account-presets", manager.Presets)
}

// NewSecret is a secret; one is generated when it is omitted.
type NewSecret struct {
	Secret store.Secret `doc:"The new secret, 12 to 200 bytes." json:"secret,omitzero"`
}

func (a *api) registerAMIAccountSecret(e *endpoint[manager.Account]) {
	registerBody(e.operationGroup, operation{
		id: "rotateAMIAccountSecret", route: "POST " + e.one() + "/secret", params: []*huma.Param{headerParam(ifMatchHeader)},
		optionalBody: true, etag: true, response: e.schema(),
	}, func(ctx context.Context, r *request, body *NewSecret) (*response, error) {
		var given store.Secret
		if body != nil {
			given = body.Secret
		}
		return e.change(ctx, r, "rotate", func(ctx context.Context, name string) (resource.Result[manager.Account], error) {
			account, err := a.app.AMIAccounts.Rotate(ctx, name, given)
			return resource.WithGeneratedSecret(account, given, err)
		})
	})
}

func (a *api) probeAMIAccount(ctx context.Context, r *request) (*response, error) {
	result, err := a.app.Host().Probe(ctx, r.text("name"), nil)
	if !errors.Is(err, store.ErrNotFound) {
		err = configurationError(err)
	}
	return reply(result, err)
}

// eventFilterChange is a [manager.EventFilter] of a request, for the document.
type eventFilterChange struct {
	Action manager.FilterAction `json:"action"`
	Event  string               `json:"event,omitempty"`
	Header string               `json:"header,omitempty"`
	Method manager.FilterMethod `json:"method,omitempty"`
	Match  string               `json:"match,omitempty"`
}

// eventFiltersObject is the field with the event filters of an AMI account.
func (a *api) eventFiltersObject() object[manager.Account] {
	return object[manager.Account]{
		name:   "event_filters",
		schema: &huma.Schema{Type: huma.TypeArray, Nullable: true, Items: schemaFor[eventFilterChange](a.document)},
		set: func(_ context.Context, account *manager.Account, value any) []store.FieldError {
			var filters []manager.EventFilter
			text, err := json.Marshal(value)
			if err := errors.Join(err, json.Unmarshal(text, &filters)); err != nil {
				return []store.FieldError{{Field: "event_filters", Code: store.CodeType, Message: "the value must be a list of filters"}}
			}
			account.EventFilters = filters
			return nil
		},
	}
}
