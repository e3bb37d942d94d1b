package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

const tagAMIAccounts = "ami-accounts"

type amiAccountResult = resource.Result[manager.Account]

const applyNote = "It reaches Asterisk with the next apply: POST /config/apply."

func (a *api) registerAMIAccounts() {
	e := &endpoint[manager.Account]{
		Type:           resource.AMIAccounts(func(context.Context) *manager.Service { return a.app.AMIAccounts }),
		operationGroup: operationGroup{api: a, tag: tagAMIAccounts, section: app.SectionAMIAccounts},
		path:           "/ami-accounts", param: "name", noun: "AMIAccount", nouns: "AMIAccounts", schema: "AMIAccount",
		objects: []object[manager.Account]{a.eventFiltersObject()},
		prepare: func(d *resource.Draft[manager.Account]) {
			d.Errors = append(d.Errors, resource.ApplyPreset(d.Record, d.Inputs["preset"].Text())...)
		},
		changed: a.jobs.InvalidateStatus,
		texts: endpointTexts{
			create: "A preset sets read, write, write_timeout and event_filters; fields that are given override it. Without a secret one is generated and shown only once. " + applyNote,
			update: applyNote,
			delete: "Its sessions end with the next apply.",
		},
		example: amiAccountResult{Record: exampleAMIAccount()}, created: exampleSecretAMIAccount(),
		new:     map[string]any{"name": "crmpro_ami", "preset": "click-to-call", "permit": []string{"10.0.0.0/8"}, "owner": "CRM team"},
		changes: map[string]any{"permit": []string{"10.1.0.0/16", "192.0.2.7"}, "note": nil},
	}
	e.register()
	a.registerAMIAccountActions(e)
	a.registerAMIAccountMetadata(e.operationGroup)
}

// NewSecret is a secret; one is generated when it is omitted.
type NewSecret struct {
	Secret store.Secret `doc:"The new secret, 12 to 200 bytes." json:"secret,omitzero"`
}

func (a *api) registerAMIAccountActions(e *endpoint[manager.Account]) {
	for _, act := range []struct {
		verb, summary, description string
		do                         func(*manager.Service, context.Context, string) (*manager.Account, error)
	}{
		{"enable", "Enable an AMI account", applyNote, (*manager.Service).Enable},
		{"disable", "Disable an AMI account", "Removes the account from Asterisk, and keeps it here. " + applyNote, (*manager.Service).Disable},
	} {
		e.registerAction(operation{
			id: act.verb + "AMIAccount", method: http.MethodPost, path: "/ami-accounts/{name}/" + act.verb,
			summary: act.summary, description: act.description, errors: []int{http.StatusConflict},
		}, act.verb, func(ctx context.Context, _ *request, name string) (amiAccountResult, error) {
			return asResult(act.do(a.app.AMIAccounts, ctx, name))
		})
	}
	op := operation{
		id: "rotateAMIAccountSecret", method: http.MethodPost, path: "/ami-accounts/{name}/secret", summary: "Replace the secret of an AMI account",
		description: "A generated secret is shown only once. The old secret works until the next apply.",
		errors:      []int{http.StatusConflict}, optionalBody: true, params: []*huma.Param{ifMatchParam()}, etag: true,
		request: map[string]any{"secret": "exampleOfAnAMISecretExampleOfAnA"}, response: e.View(e.created),
	}
	registerBody(e.operationGroup, op, func(ctx context.Context, r *request, body *NewSecret) (*response, error) {
		var given store.Secret
		if body != nil {
			given = body.Secret
		}
		return e.change(ctx, r, "rotate", func(ctx context.Context, name string) (amiAccountResult, error) {
			account, err := a.app.AMIAccounts.Rotate(ctx, name, given)
			return resource.WithGeneratedSecret(account, given, err)
		})
	})
	e.operationGroup.register(operation{
		id: "probeAMIAccount", method: http.MethodPost, path: "/ami-accounts/{name}/probe", summary: "Test the login of an AMI account",
		description: "The server logs in to Asterisk with the account.", errors: []int{http.StatusConflict},
		response: &manager.ProbeResult{Outcome: manager.LoggedIn, Message: "The account can log in from 127.0.0.1."},
	}, a.probeAMIAccount)
}

func (a *api) registerAMIAccountMetadata(g operationGroup) {
	g.register(operation{
		id: "listPrivilegeClasses", method: http.MethodGet, path: "/privilege-classes", summary: "List the privilege classes of AMI",
		response: singlePage(privilegeClasses()[1:2]),
	}, func(context.Context, *request) (*response, error) {
		return &response{body: singlePage(privilegeClasses())}, nil
	})
	g.register(operation{
		id: "listAMIAccountPresets", method: http.MethodGet, path: "/ami-account-presets", summary: "List the presets of AMI accounts",
		response: singlePage(manager.Presets()[:1]),
	}, func(context.Context, *request) (*response, error) {
		return &response{body: singlePage(manager.Presets())}, nil
	})
}

// privilegeClass is a class for read and write.
type privilegeClass struct {
	Name  string `doc:"The name in manager.conf."                                    json:"name"`
	Read  string `doc:"What the class in read shows; empty when it has no effect."   json:"read"`
	Write string `doc:"What the class in write allows; empty when it has no effect." json:"write"`
}

func privilegeClasses() []privilegeClass {
	classes := manager.Classes()
	shown := make([]privilegeClass, len(classes))
	for i, c := range classes {
		shown[i] = privilegeClass{c.Name, c.Read, c.Write}
	}
	return shown
}

func exampleAMIAccount() *manager.Account {
	permit, _ := manager.ParseNetwork("10.0.0.0/8")
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	u := &manager.Account{
		Name: "crmpro_ami", Deny: []manager.Network{}, Permit: []manager.Network{permit},
		Owner: "CRM team", CreatedAt: created, UpdatedAt: created, SecretChangedAt: created,
	}
	preset, _ := manager.LookupPreset("click-to-call")
	preset.ApplyTo(u)
	return u
}

func exampleSecretAMIAccount() amiAccountResult {
	return amiAccountResult{Record: exampleAMIAccount(), Secret: store.NewSecret("exampleOfAnAMISecretExampleOfAnA")}
}
