package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
)

type administratorAction = action[*ampusers.Service, ampusers.Administrator]

// administrators returns the service with the rights of the administrator.
func (a *api) administrators(ctx context.Context) *ampusers.Service {
	return a.app.Administrators.ForActor(a.sessions.Administrator(ctx).Username)
}

func (a *api) registerAdministrators() {
	e := &endpoint[ampusers.Administrator]{
		Type:           resource.Administrators(a.administrators, a.baseURL),
		operationGroup: a.group("administrators", app.SectionAdministrators),
		noun:           "Administrator", path: "/administrators",
	}
	e.registerRecord()
	registerActions(e, a.administrators,
		administratorAction{"enableAdministrator", "POST enable", "enable", (*ampusers.Service).Enable},
		administratorAction{"disableAdministrator", "POST disable", "disable", (*ampusers.Service).Disable},
		administratorAction{"deleteSecondFactor", "DELETE second-factor", "remove second factor", (*ampusers.Service).RemoveSecondFactor},
	)
	a.registerAdministratorCredentials(e)
	subject := enumParam("subject", "The kind of the resource.", "section", "extension", "did", "team")
	subject.Required = true
	key := queryParam("key", huma.TypeString, "The ID of a section, a number, or the name of a team; empty for the default team.")
	e.register(operation{
		id: "explainAdministrator", route: "GET " + e.one() + "/explanation", params: []*huma.Param{subject, key},
		response: schemaFor[ampusers.Explanation](a.document),
	}, func(ctx context.Context, r *request) (*response, error) {
		admin, err := a.administrators(ctx).Get(ctx, r.text("username"))
		if err != nil {
			return nil, err
		}
		return &response{body: admin.Explain(ampusers.ResourceKind(r.text("subject")), r.text("key"))}, nil
	})
}

// NewAdministratorPassword is a password that another administrator sets.
type NewAdministratorPassword struct {
	Password store.Secret `json:"password"`
}

func (a *api) registerAdministratorCredentials(e *endpoint[ampusers.Administrator]) {
	registerBody(e.operationGroup, operation{
		id: "setAdministratorPassword", route: "PUT " + e.one() + "/password", params: []*huma.Param{headerParam(ifMatchHeader)}, etag: true, response: e.schema(),
	}, func(ctx context.Context, r *request, body *NewAdministratorPassword) (*response, error) {
		opts := &ampusers.PasswordOptions{Precondition: e.precondition(r)}
		return e.reply(asResult(a.administrators(ctx).SetPassword(ctx, r.text("username"), body.Password, opts)))
	})
	e.register(operation{
		id: "inviteAdministrator", route: "POST " + e.one() + "/invitation", status: http.StatusCreated, response: schemaFor[resource.Link](a.document),
	}, func(ctx context.Context, r *request) (*response, error) {
		invitation, err := a.administrators(ctx).Invite(ctx, r.text("username"))
		if err != nil {
			return nil, err
		}
		return &response{body: resource.NewLink(invitation, a.baseURL())}, nil
	})
}
