package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// NewAdministratorPassword is a password that somebody else sets.
type NewAdministratorPassword struct {
	Password store.Secret `json:"password"`
}

func (a *api) registerCredentials(g operationGroup) {
	register(g, operation{
		id: "setAdministratorPassword", method: http.MethodPut, path: "/administrators/{username}/password", summary: "Give an administrator a new password",
		description: "All sessions and links of the administrator end. An invitation is better: then nobody else knows the password.",
		errors:      []int{http.StatusPreconditionFailed},
		request:     map[string]any{"password": "seventeen purple lanterns"}, response: exampleAdministrator(),
	}, a.setAdministratorPassword)
	register(g, operation{
		id: "inviteAdministrator", method: http.MethodPost, path: "/administrators/{username}/invitation", summary: "Make a link with which an administrator can set a password",
		description: "The link works once, and is shown this once. An earlier one stops to work.",
		status:      http.StatusCreated, errors: []int{http.StatusConflict}, response: exampleInvitation(),
	}, a.inviteAdministrator)
	register(g, operation{
		id: "deleteSecondFactor", method: http.MethodDelete, path: "/administrators/{username}/second-factor", summary: "Make the password of an administrator enough again",
		description: "For somebody who has lost the authenticator app and the recovery codes.",
		errors:      []int{http.StatusPreconditionFailed}, response: exampleAdministrator(),
	}, a.deleteSecondFactor)
}

type setPasswordInput struct {
	AdministratorTarget
	Body NewAdministratorPassword
}

func (a *api) setAdministratorPassword(ctx context.Context, input *setPasswordInput) (*administratorOutput, error) {
	return a.changeAdministrator(ctx, &input.AdministratorTarget, "set password", func(ctx context.Context, service *ampusers.Service) (*ampusers.Administrator, error) {
		return service.SetPassword(ctx, input.Name, input.Body.Password)
	})
}

func (a *api) inviteAdministrator(ctx context.Context, input *AdministratorPath) (*struct{ Body *invitation }, error) {
	link, err := a.administrators(ctx).Invite(ctx, input.Name)
	if err != nil {
		return nil, err
	}
	return &struct{ Body *invitation }{a.shownInvitation(link)}, nil
}

func (a *api) deleteSecondFactor(ctx context.Context, input *AdministratorTarget) (*administratorOutput, error) {
	return a.changeAdministrator(ctx, input, "remove second factor", func(ctx context.Context, service *ampusers.Service) (*ampusers.Administrator, error) {
		return service.RemoveSecondFactor(ctx, input.Name)
	})
}
