package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

const tagAMIAccounts = "ami-accounts"

func (a *api) amiAccounts(context.Context) *manager.Service { return a.app.AMIAccounts }

func (a *api) registerAMIAccounts() {
	e := &endpoint[manager.Account]{
		Type:           resource.AMIAccounts(a.amiAccounts),
		operationGroup: operationGroup{api: a, tag: tagAMIAccounts, section: app.SectionAMIAccounts},
		noun:           "AMIAccount", path: "/ami-accounts",
		objects: []object[manager.Account]{a.eventFiltersObject()},
		prepare: func(d *resource.Draft[manager.Account]) {
			d.Errors = append(d.Errors, resource.ApplyPreset(d.Record, d.Inputs["preset"].Text())...)
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
	registerFixedList(e.operationGroup, "listPrivilegeClasses", "/privilege-classes", privilegeClasses)
	registerFixedList(e.operationGroup, "listAMIAccountPresets", "/ami-account-presets", manager.Presets)
}

// NewSecret is a secret; one is generated when it is omitted.
type NewSecret struct {
	Secret store.Secret `doc:"The new secret, 12 to 200 bytes." json:"secret,omitzero"`
}

func (a *api) registerAMIAccountSecret(e *endpoint[manager.Account]) {
	registerBody(e.operationGroup, operation{
		id: "rotateAMIAccountSecret", route: "POST " + e.one() + "/secret", params: []*huma.Param{ifMatchParam()},
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
