package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
)

const tagAdministrators = "administrators"

type administratorResult = resource.Result[ampusers.Administrator]

// administrators returns the service with the rights of the administrator.
func (a *api) administrators(ctx context.Context) *ampusers.Service {
	return a.app.Administrators.ForActor(a.sessions.Administrator(ctx).Username)
}

func (a *api) registerAdministrators() {
	e := &endpoint[ampusers.Administrator]{
		Type:           resource.Administrators(a.administrators, a.baseURL),
		operationGroup: operationGroup{api: a, tag: tagAdministrators, section: app.SectionAdministrators},
		path:           "/administrators", param: "username", noun: "Administrator", nouns: "Administrators", schema: "Administrator",
		texts: endpointTexts{
			list:   "Only administrators with no more rights than your own.",
			create: "Without a password the response contains an invitation: a link that sets the password. It is shown only once. Without access and sections the administrator has no rights.",
			delete: "Ends all sessions of the administrator. The last full administrator cannot be deleted.",
		},
		example: administratorResult{Record: exampleAdministrator()}, created: exampleInvited(),
		new:     map[string]any{"username": "jane.admin", "display_name": "Jane Doe", "sections": []string{app.SectionAMIAccounts}, "extensions": "100-199,205"},
		changes: map[string]any{"display_name": "Jane Roe", "sections": []string{app.SectionAMIAccounts, app.SectionAudit}, "extensions": nil},
	}
	e.register()
	a.registerAdministratorActions(e)
	a.registerAdministratorCredentials(e)
	e.operationGroup.register(operation{
		id: "explainAdministrator", method: http.MethodGet, path: "/administrators/{username}/explanation",
		summary: "Explain whether an administrator has access to something",
		params:  explainParams(),
		response: ampusers.Explanation{
			Allowed: true, Code: "listed", Reason: "The section " + app.SectionAMIAccounts + " is among those that jane.admin was given.",
		},
	}, func(ctx context.Context, r *request) (*response, error) {
		admin, err := a.administrators(ctx).Get(ctx, r.text("username"))
		if err != nil {
			return nil, err
		}
		return &response{body: admin.Explain(ampusers.ResourceKind(r.text("subject")), r.text("key"))}, nil
	})
}

func explainParams() []*huma.Param {
	subject := enumParam("subject", "The kind of the resource.", "section", "extension", "did", "team")
	subject.Required = true
	return []*huma.Param{subject, queryParam("key", huma.TypeString, "The ID of a section, a number, or the name of a team; empty for the default team.")}
}

func (a *api) registerAdministratorActions(e *endpoint[ampusers.Administrator]) {
	register := func(op operation, name string, act func(*ampusers.Service, context.Context, string) (*ampusers.Administrator, error)) {
		op.path = "/administrators/{username}/" + op.path
		e.registerAction(op, name, func(ctx context.Context, _ *request, username string) (administratorResult, error) {
			return asResult(act(a.administrators(ctx), ctx, username))
		})
	}
	conflict := []int{http.StatusConflict}
	register(operation{id: "enableAdministrator", method: http.MethodPost, path: "enable", summary: "Enable an administrator", errors: conflict},
		"enable", (*ampusers.Service).Enable)
	register(operation{
		id: "disableAdministrator", method: http.MethodPost, path: "disable", summary: "Disable an administrator",
		description: "Prevents every login and ends all sessions.", errors: conflict,
	}, "disable", (*ampusers.Service).Disable)
	register(operation{
		id: "deleteSecondFactor", method: http.MethodDelete, path: "second-factor", summary: "Disable two-factor authentication of an administrator",
		description: "For an administrator who lost the authenticator app and the recovery codes.",
	}, "remove second factor", (*ampusers.Service).RemoveSecondFactor)
}

// NewAdministratorPassword is a password that another administrator sets.
type NewAdministratorPassword struct {
	Password store.Secret `json:"password"`
}

func (a *api) registerAdministratorCredentials(e *endpoint[ampusers.Administrator]) {
	registerBody(e.operationGroup, operation{
		id: "setAdministratorPassword", method: http.MethodPut, path: "/administrators/{username}/password", summary: "Set the password of an administrator",
		description: "Ends all sessions and links of the administrator. Prefer an invitation: then nobody else knows the password.",
		params:      []*huma.Param{ifMatchParam()}, etag: true,
		request: map[string]any{"password": "seventeen purple lanterns"}, response: e.View(e.example),
	}, func(ctx context.Context, r *request, body *NewAdministratorPassword) (*response, error) {
		opts := &ampusers.PasswordOptions{Precondition: e.precondition(r)}
		return e.reply(asResult(a.administrators(ctx).SetPassword(ctx, r.text("username"), body.Password, opts)))
	})
	e.operationGroup.register(operation{
		id: "inviteAdministrator", method: http.MethodPost, path: "/administrators/{username}/invitation", summary: "Create a link that sets the password of an administrator",
		description: "The link works once and is shown only once. It replaces an earlier link.",
		status:      http.StatusCreated, errors: []int{http.StatusConflict}, response: exampleLinkOfAdministrator(),
	}, func(ctx context.Context, r *request) (*response, error) {
		invitation, err := a.administrators(ctx).Invite(ctx, r.text("username"))
		if err != nil {
			return nil, err
		}
		return &response{body: resource.NewLink(invitation, a.baseURL)}, nil
	})
}

func exampleAdministrator() *ampusers.Administrator {
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &ampusers.Administrator{
		Username: "jane.admin", DisplayName: "Jane Doe", Access: ampusers.Limited,
		Sections: []string{exampleSection().ID}, Teams: []string{}, HasPassword: true, CreatedAt: created, UpdatedAt: created,
	}
}

func exampleLinkOfAdministrator() *resource.Link {
	const token = "example-of-an-invitation-token-example-exam"
	return &resource.Link{
		Username: "jane.admin", Token: token, URL: "https://pbx.example.com/set-password/" + token,
		ExpiresAt: time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC),
	}
}

func exampleInvited() administratorResult {
	invited := administratorResult{Record: exampleAdministrator(), Link: exampleLinkOfAdministrator()}
	invited.Record.HasPassword, invited.Record.InvitationExpiresAt = false, invited.Link.ExpiresAt
	return invited
}
