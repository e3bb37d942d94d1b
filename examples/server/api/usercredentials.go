package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// NewUserPassword is a password that somebody else sets.
type NewUserPassword struct {
	Password           store.Secret `json:"password,omitzero"`
	Generate           bool         `json:"generate,omitempty"`
	MustChangePassword bool         `json:"must_change_password,omitempty"`
	DisableTokens      bool         `json:"disable_tokens,omitempty"`
}

func (a *api) registerUserCredentials(g operationGroup) {
	register(g, operation{
		id: "setUserPassword", method: http.MethodPut, path: "/users/{username}/password", summary: "Give a person a new password",
		description: "All sessions and links of the person end. A generated one is shown this once. A link is better: then nobody else knows the password.",
		errors:      []int{http.StatusConflict, http.StatusPreconditionFailed},
		request:     map[string]any{"generate": true, "must_change_password": true}, response: exampleGenerated(),
	}, a.setUserPassword)
	register(g, operation{
		id: "deleteUserSecondFactor", method: http.MethodDelete, path: "/users/{username}/second-factor", summary: "Make the password of a person enough again",
		description: "For somebody who has lost the authenticator app and the recovery codes.",
		errors:      []int{http.StatusPreconditionFailed}, response: exampleUser(),
	}, a.deleteUserSecondFactor)
}

type setUserPasswordInput struct {
	UserTarget
	Body NewUserPassword
}

func (a *api) setUserPassword(ctx context.Context, input *setUserPasswordInput) (*userOutput, error) {
	body := &input.Body
	return a.changeUser(ctx, &input.UserTarget, "set password", func(ctx context.Context, users *userman.Service) (shownUser, error) {
		password, errs, err := resolvePassword(users, body.Password, body.Generate)
		if err == nil {
			err = store.NewInvalidError(errs...)
		}
		if err != nil {
			return shownUser{}, err
		}
		u, err := users.SetPassword(ctx, input.Username, password, &userman.PasswordOptions{
			MustChange: body.MustChangePassword, DisableTokens: body.DisableTokens,
		})
		if err != nil {
			return shownUser{}, err
		}
		return withPassword(u, password, body.Generate), nil
	})
}

// resolvePassword returns the password that was given, or one that was asked for.
func resolvePassword(users *userman.Service, given store.Secret, generate bool) (store.Secret, []store.FieldError, error) {
	switch {
	case !generate:
		return given, nil, nil
	case !given.IsZero():
		return given, []store.FieldError{{Field: "generate", Code: "conflict", Message: "give a password, or have one generated, and not both"}}, nil
	}
	password, err := users.GeneratePassword()
	return password, nil, err
}

func (a *api) deleteUserSecondFactor(ctx context.Context, input *UserTarget) (*userOutput, error) {
	return a.changeUser(ctx, input, "remove second factor", func(ctx context.Context, users *userman.Service) (shownUser, error) {
		return userResult(users.RemoveSecondFactor(ctx, input.Username))
	})
}
