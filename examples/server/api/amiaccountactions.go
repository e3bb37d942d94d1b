package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// NewSecret is a secret to be used; one is generated when it is left out.
type NewSecret struct {
	Secret store.Secret `json:"secret,omitzero"`
}

func (a *api) registerAMIAccountActions(g operationGroup) {
	for _, act := range []struct {
		verb, summary string
		do            func(*manager.Service, context.Context, string) (*manager.Account, error)
	}{
		{"enable", "Give a disabled AMI account back to Asterisk", (*manager.Service).Enable},
		{"disable", "Take an AMI account from Asterisk, and keep it", (*manager.Service).Disable},
	} {
		register(g, operation{
			id: act.verb + "Manager", method: http.MethodPost, path: "/managers/{name}/" + act.verb,
			summary: act.summary, description: applyNote,
			errors: []int{http.StatusConflict, http.StatusPreconditionFailed}, response: exampleManager(),
		}, func(ctx context.Context, input *AMIAccountTarget) (*managerOutput, error) {
			return a.changeAMIAccount(ctx, input, act.verb, func(ctx context.Context) (shownManager, error) {
				u, err := act.do(a.app.AMIAccounts, ctx, input.Name)
				if err != nil {
					return shownManager{}, err
				}
				return showManager(u), nil
			})
		})
	}
	register(g, operation{
		id: "rotateManagerSecret", method: http.MethodPost, path: "/managers/{name}/secret", summary: "Give an AMI account a new secret",
		description: "A generated one is shown this once. The old one works until the next apply.",
		errors:      []int{http.StatusConflict, http.StatusPreconditionFailed}, optionalBody: true,
		request: map[string]any{"secret": "exampleOfAnAMISecretExampleOfAnA"}, response: exampleSecretManager(),
	}, a.rotateSecret)
	register(g, operation{
		id: "probeManager", method: http.MethodPost, path: "/managers/{name}/probe", summary: "Log in to Asterisk as an AMI account, from the server, and say how it went",
		errors:   []int{http.StatusConflict},
		response: manager.ProbeResult{Outcome: manager.LoggedIn, Message: "The account can log in from 127.0.0.1."},
	}, a.probeAMIAccount)
}

type rotateInput struct {
	AMIAccountTarget
	Body *NewSecret
}

func (a *api) rotateSecret(ctx context.Context, input *rotateInput) (*managerOutput, error) {
	var given store.Secret
	if input.Body != nil {
		given = input.Body.Secret
	}
	return a.changeAMIAccount(ctx, &input.AMIAccountTarget, "rotate", func(ctx context.Context) (shownManager, error) {
		u, err := a.app.AMIAccounts.Rotate(ctx, input.Name, given)
		if err != nil {
			return shownManager{}, err
		}
		return withGeneratedSecret(u, given), nil
	})
}

func (a *api) registerAMIAccountMetadata(g operationGroup) {
	register(g, operation{
		id: "listPrivilegeClasses", method: http.MethodGet, path: "/privilege-classes", summary: "List the privilege classes of AMI, and what each allows",
		response: singlePage(privilegeClasses()[1:2]),
	}, func(context.Context, *struct{}) (*listOutput[privilegeClass], error) {
		return &listOutput[privilegeClass]{singlePage(privilegeClasses())}, nil
	})
	register(g, operation{
		id: "listManagerPresets", method: http.MethodGet, path: "/manager-presets", summary: "List the presets for AMI accounts",
		response: singlePage(manager.Presets()[:1]),
	}, func(context.Context, *struct{}) (*listOutput[manager.Preset], error) {
		return &listOutput[manager.Preset]{singlePage(manager.Presets())}, nil
	})
}

// privilegeClass is a class that can be listed in read and write.
type privilegeClass struct {
	Name  string `json:"name"`
	Read  string `json:"read"`
	Write string `json:"write"`
}

func privilegeClasses() []privilegeClass {
	classes := manager.Classes()
	shown := make([]privilegeClass, len(classes))
	for i, c := range classes {
		shown[i] = privilegeClass{c.Name, c.Read, c.Write}
	}
	return shown
}
